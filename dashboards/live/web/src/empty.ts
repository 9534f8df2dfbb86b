// What the page says before the first touchpoint.
import { byId, h, put } from "./dom";

interface About { collector_url: string; write_key: string }

/** Explains how to send a touchpoint to this very pipeline. */
export async function explain(): Promise<void> {
  const about = (await (await fetch("api/about")).json()) as About;
  const key = about.write_key || "YOUR-WRITE-KEY";
  const command = `curl ${about.collector_url || "http://YOUR-COLLECTOR:8080"}/v1/touchpoints \\
  -H 'Authorization: Bearer ${key}' \\
  -d '{"event":"Product Viewed","anonymous_id":"visitor-1"}'`;
  const copy = h("button", { type: "button", class: "quiet", onclick: () => {
    navigator.clipboard?.writeText(command).then(() => { copy.textContent = "Copied"; }, () => { copy.textContent = "Select the text instead"; });
  } }, "Copy");
  put(byId("empty"),
    h("h2", { id: "empty-title" }, "Send your first touchpoint"),
    h("p", {}, "The pipeline runs and is empty. Paste this into a terminal; the touchpoint shows up here about a second later:"),
    h("div", { class: "command" }, h("pre", { tabindex: 0, "aria-label": "Command" }, h("code", {}, command)), copy),
    h("p", { class: "hint" }, about.write_key
      ? "The word after Bearer is the write key of your site. Write keys may be public: they are in your pages."
      : "The word after Bearer is the write key of a site: you find it in the sites file, under write_keys."),
    h("p", { class: "hint" }, "To see it busy, start with a simulated shop instead: throughline up --demo. To bring your history: throughline import."));
}

/** Shows the explanation instead of the figures, or the figures. */
export function empty(is: boolean): void {
  byId("empty").hidden = !is;
  document.body.classList.toggle("is-empty", is);
}
