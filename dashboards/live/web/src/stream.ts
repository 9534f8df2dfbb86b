// Touchpoints as they arrive, the newest on top.
import { rows, stages, type Arrival, type Table } from "./answers";
import { byId, h, put, write } from "./dom";
import { capital, count, time } from "./format";

const most = 60;
const sayEvery = 20_000;

export class Stream {
  private list = h("ol", { class: "arrivals", tabindex: 0, "aria-label": "The newest touchpoints" });
  private nothing = h("p", { class: "nothing" }, "Nothing has arrived in the last 24 hours that matches the filters.");
  private pause: HTMLButtonElement;
  private paused = false;
  private waiting: Arrival[] = [];
  private known = new Set<string>();
  private counted = { accepted: 0, rejected: 0 };

  constructor(private pick: (arrival: Arrival) => void) {
    this.pause = h("button", { type: "button", class: "quiet", "aria-pressed": "false", onclick: () => this.hold(!this.paused) }, "Pause");
    const root = byId("stream");
    root.setAttribute("aria-labelledby", "stream-title");
    put(root,
      h("header", {}, h("h2", { id: "stream-title" }, "Arriving now"), h("p", { class: "hint" }, "With verdict, stage, and the rule that gave it"), this.pause),
      h("div", { class: "body" }, this.list, this.nothing));
    setInterval(() => this.say(), sayEvery);
  }

  /** Begins anew, as the filter is another. */
  clear(): void {
    this.waiting = [];
    this.known.clear();
    this.list.replaceChildren();
    this.nothing.hidden = false;
  }

  show(table: Table): void {
    // After a break the connection begins with what was there already.
    const fresh = rows<Arrival>(table).filter((arrival) => !this.known.has(arrival.id));
    for (const arrival of fresh) this.known.add(arrival.id);
    this.known = new Set([...this.known].slice(-20 * most));
    for (const arrival of fresh) this.counted[arrival.verdict]++;
    this.waiting = [...fresh, ...this.waiting].slice(0, most);
    if (this.paused) write(this.pause, `Go on (${this.waiting.length === most ? `${most}+` : this.waiting.length})`);
    else this.flush();
  }

  private hold(paused: boolean): void {
    this.paused = paused;
    this.pause.setAttribute("aria-pressed", String(paused));
    write(this.pause, paused ? "Go on" : "Pause");
    if (!paused) this.flush();
  }

  private flush(): void {
    const first = this.list.childElementCount === 0;
    this.list.prepend(...this.waiting.map((arrival) => this.item(arrival, !first)));
    this.waiting = [];
    while (this.list.childElementCount > most) this.list.lastElementChild!.remove();
    this.nothing.hidden = this.list.childElementCount > 0;
  }

  private item(arrival: Arrival, fresh: boolean): HTMLLIElement {
    const refused = arrival.verdict === "rejected";
    const stage = refused ? "Refused" : arrival.stage > 0 ? capital(stages[arrival.stage]!) : "No stage";
    const who = !refused && h("button", { type: "button", class: "who", onclick: () => this.pick(arrival), "aria-label": `Customer ${arrival.customer_id}: show the timeline` }, arrival.customer_id);
    return h("li", { class: (refused ? "refused" : "") + (fresh ? " fresh" : "") },
      h("time", { datetime: arrival.received_at }, time(arrival.received_at)),
      h("span", { class: `badge ${refused ? "bad" : `s${arrival.stage}`}` }, stage),
      h("span", { class: "event", title: arrival.event }, arrival.event),
      h("span", { class: "by" }, who, who && " ", refused ? arrival.rule : arrival.rule !== "" ? `rule ${arrival.rule}` : arrival.stage > 0 ? "sent with its stage" : "no rule names it",
        arrival.bot && " · bot", arrival.channel !== "" && ` · ${arrival.channel}`));
  }

  /** Tells those who cannot see the stream how it goes, now and then. */
  private say(): void {
    const { accepted, rejected } = this.counted;
    if (accepted + rejected > 0 && !document.hidden) {
      write(byId("say"), `${count(accepted)} touchpoints arrived in the last ${sayEvery / 1000} seconds, ${rejected === 0 ? "none" : count(rejected)} refused.`);
    }
    this.counted = { accepted: 0, rejected: 0 };
  }
}
