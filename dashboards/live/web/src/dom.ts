// Elements and their texts. Text from outside only ever becomes a text node, never markup.

type Child = Node | string | number | null | undefined | false;
type Props = Record<string, string | number | boolean | null | undefined | ((event: Event) => void)>;

/** Makes an element: functions become listeners (onclick), true and false boolean attributes, the rest attributes. */
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, props: Props = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, String(value));
  }
  fill(element, ...children);
  return element;
}

/** Adds children; what is null or false is left out. */
export function fill(element: Element, ...children: Child[]): void {
  for (const child of children) {
    if (child != null && child !== false) element.append(child instanceof Node ? child : String(child));
  }
}

/** Puts children in place of those that are there. */
export function put(element: Element, ...children: Child[]): void {
  element.replaceChildren();
  fill(element, ...children);
}

/** The element of an id, which index.html has. */
export function byId<T extends HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no #${id}`);
  return element as T;
}

/** Sets a text where it differs, so that nothing moves without need. */
export function write(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
