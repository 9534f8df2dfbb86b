// Light and dark: as the system has it, until somebody chooses. Charts take their colours from the style sheet.

type Choice = "auto" | "light" | "dark";
const choices: Choice[] = ["auto", "light", "dark"];
const says: Record<Choice, string> = { auto: "as the system has them", light: "light", dark: "dark" };
const signs: Record<Choice, string> = { auto: "◐", light: "☀", dark: "☾" };
const key = "throughline-colours";
const system = matchMedia("(prefers-color-scheme: dark)");

function stored(): Choice {
  try {
    const value = localStorage.getItem(key) as Choice;
    return choices.includes(value) ? value : "auto";
  } catch {
    return "auto"; // storage is switched off
  }
}

/** Sets the colours up on a button; changed is called after every change. */
export function themes(button: HTMLButtonElement, changed: () => void): void {
  let choice = stored();
  const apply = () => {
    const dark = choice === "dark" || (choice === "auto" && system.matches);
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    button.textContent = signs[choice];
    button.setAttribute("aria-label", `Colours: ${says[choice]}. Change`);
    button.title = `Colours: ${says[choice]}`;
  };
  button.addEventListener("click", () => {
    choice = choices[(choices.indexOf(choice) + 1) % choices.length]!;
    try {
      localStorage.setItem(key, choice);
    } catch {
      // it holds until the page is closed
    }
    apply();
    changed();
  });
  system.addEventListener("change", () => { apply(); changed(); });
  apply();
}

/** A colour or size of the style sheet by its name. */
export const css = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** The colours of charts, as they are now. */
export function palette() {
  return {
    text: css("text"), dim: css("dim"), line: css("line"), card: css("card"), accent: css("accent"),
    stages: [0, 1, 2, 3, 4, 5].map((n) => css(`s${n}`)),
    on: css("on"), open: css("open"), dropped: css("dropped"), skip: css("skip"), skipped: css("skip"), back: css("back"), bad: css("bad"), font: css("font"),
    size: parseFloat(getComputedStyle(document.documentElement).fontSize) * 0.8,
  };
}
export type Palette = ReturnType<typeof palette>;
