// The bar of filters. It shows what the address says and changes the address.
import { ask } from "./answers";
import { byId, h, put } from "./dom";
import { change, current, dimensions, narrowed, rangeOf, spans } from "./filter";
import { capital } from "./format";

interface Options { values: Record<string, string[]>; touchpoints: number }

const spoken: Record<(typeof spans)[number], string> = { "1h": "last hour", "6h": "last 6 hours", "24h": "last 24 hours", "7d": "last 7 days", "30d": "last 30 days", "90d": "last 90 days" };

export class Filters {
  private root = byId("filters");
  private selects = new Map<string, HTMLSelectElement>();
  private buttons = new Map<string, HTMLButtonElement>();
  private clear = h("button", { type: "button", class: "quiet", onclick: () => this.set(Object.fromEntries(dimensions.map((name) => [name, ""]))) }, "Clear filters");
  private ends = { from: end("from"), to: end("to") };
  private custom: HTMLElement;
  private more: HTMLElement;
  private badge = h("span", {});

  /** changed is called when the filter has become another. */
  constructor(private changed: (query: URLSearchParams) => void) {
    for (const name of spans) {
      this.buttons.set(name, h("button", { type: "button", "aria-label": `${name}, ${spoken[name]}`, title: capital(spoken[name]), onclick: () => this.set({ range: name, from: "", to: "" }) }, name));
    }
    this.buttons.set("custom", h("button", { type: "button", "aria-expanded": "false", onclick: () => this.open() }, "Custom"));
    this.custom = h("form", { class: "ends", hidden: true, onsubmit: (event) => { event.preventDefault(); this.apply(); } },
      h("label", {}, "From ", this.ends.from), h("label", {}, "to ", this.ends.to), h("button", { type: "submit", class: "quiet" }, "Apply"));
    for (const name of dimensions) {
      const select = h("select", { onchange: () => this.set({ [name]: select.value }), "aria-label": capital(name) });
      this.selects.set(name, select);
    }
    this.more = h("div", { class: "dimensions", id: "dimensions" }, ...this.selects.values(), this.clear);
    const fold = h("button", { type: "button", class: "quiet fold", "aria-controls": "dimensions", "aria-expanded": "false", onclick: () => {
      fold.setAttribute("aria-expanded", String(this.root.classList.toggle("unfolded")));
    } }, "Filters", this.badge);
    put(this.root, h("div", { class: "range", role: "group", "aria-label": "Time range" }, ...this.buttons.values()), fold, this.custom, this.more);
    addEventListener("popstate", () => { this.show(); this.changed(current()); });
    this.show();
  }

  private set(parts: Record<string, string>): void {
    const query = change(parts);
    this.show();
    this.changed(query);
  }

  private open(): void {
    const shown = this.custom.hidden;
    this.custom.hidden = !shown;
    this.buttons.get("custom")!.setAttribute("aria-expanded", String(shown));
    if (shown) this.ends.from.focus();
  }

  private apply(): void {
    const from = Date.parse(this.ends.from.value) / 1000;
    const to = Date.parse(this.ends.to.value) / 1000;
    this.ends.to.setCustomValidity(from < to ? "" : "The end must be after the beginning.");
    if (this.ends.to.reportValidity() && from < to) this.set({ range: "", from: String(from), to: String(to) });
  }

  /** Shows what the address says. */
  private show(): void {
    const query = current();
    const range = rangeOf(query);
    for (const [name, button] of this.buttons) button.setAttribute("aria-pressed", String(name === range));
    this.custom.hidden = range !== "custom";
    this.buttons.get("custom")!.setAttribute("aria-expanded", String(range === "custom"));
    const now = Date.now() / 1000;
    this.ends.from.value = local(Number(query.get("from") ?? now - 7 * 86400));
    this.ends.to.value = local(Number(query.get("to") ?? now));
    for (const [name, select] of this.selects) choose(select, name, query.get(name) ?? "");
    const n = narrowed(query);
    this.clear.hidden = n === 0;
    this.badge.textContent = n > 0 ? ` (${n})` : "";
  }

  /** Reads what can be chosen; gives how many touchpoints there are at all. */
  async options(): Promise<number> {
    const answer = await ask<Options>("options", current());
    const query = current();
    for (const [name, select] of this.selects) choose(select, name, query.get(name) ?? "", answer.values[name] ?? []);
    return answer.touchpoints;
  }
}

/** Fills a list; what is chosen stays in it, also where it does not occur. */
function choose(select: HTMLSelectElement, name: string, value: string, values?: string[]): void {
  const all = values ?? [...select.options].map((option) => option.value).filter((v) => v !== "");
  const listed = value !== "" && !all.includes(value) ? [value, ...all] : all;
  if (document.activeElement !== select || values === undefined || select.options.length <= 1) {
    put(select, h("option", { value: "" }, `All ${name === "campaign" || name === "channel" || name === "site" || name === "device" ? `${name}s` : "countries"}`), ...listed.map((v) => h("option", { value: v }, v)));
  }
  select.value = value;
  select.classList.toggle("chosen", value !== "");
}

const end = (name: string) => h("input", { type: "datetime-local", name, required: true, step: 60 });

/** Unix seconds as the input wants them, in the time of this place. */
function local(seconds: number): string {
  const at = new Date(seconds * 1000);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
