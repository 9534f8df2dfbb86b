// The pipeline's parts in the order of the data's way, and what is wrong, in words.
import type { Health } from "./answers";
import type { Link } from "./feed";
import { byId, h, put, write } from "./dom";

const signs = { good: "●", busy: "◆", bad: "▲", unknown: "○" };

/** Shows the parts as dots with names. The sign differs as well as the colour. */
export function parts(health: Health): void {
  const root = byId("health");
  const text = JSON.stringify(health.parts);
  if (root.dataset.text === text) return;
  root.dataset.text = text;
  put(root, ...health.parts.map((part) =>
    h("li", { "data-state": part.state, title: part.says }, h("i", { "aria-hidden": "true" }, signs[part.state]), part.name, h("span", { class: "unseen" }, `: ${part.says}`))));
}

const links: Record<Link, string> = { wait: "Connecting …", live: "Live", lost: "Connecting again …", refused: "Refused" };

/** Says what is wrong, or nothing. */
export class Alarm {
  private link: Link = "wait";
  private bad: string[] = [];

  connected(link: Link): void {
    this.link = link;
    const root = byId("link");
    root.dataset.state = link;
    byId("health").dataset.stale = String(link === "lost"); // nobody knows how they are now
    write(root.lastElementChild!, links[link]);
    this.show();
  }

  health(health: Health): void {
    this.bad = health.parts.filter((part) => part.state === "bad").map((part) => `${part.name}: ${part.says}`);
    this.show();
  }

  private show(): void {
    const text = this.link === "lost"
      ? "ClickHouse is away: the query port does not answer. What you see is as of its last answer; the page goes on by itself when it is back."
      : this.bad.join(" ");
    const root = byId("alert");
    root.hidden = text === "";
    write(root, text);
  }
}
