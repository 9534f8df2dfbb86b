// The drawer: customers behind a bar or a flow, refused events of a reason, and one customer's timeline.
import { ask, rows, stages, type Customer, type Row, type Table } from "./answers";
import { grid, type Cell } from "./charts/card";
import { byId, h, put } from "./dom";
import { current } from "./filter";
import { ago, capital, count, date, moment, none, span, time, words } from "./format";

const pageSize = 25;

interface List { title: string; path: string; query: Record<string, string>; noun: string; lay(table: Table): HTMLElement }

export class Drawer {
  private root = byId<HTMLDialogElement>("drawer");
  private asking?: AbortController;
  private back?: () => void;

  constructor() {
    this.root.addEventListener("click", (event) => {
      if (event.target === this.root) this.root.close(); // beside the drawer
    });
    this.root.addEventListener("close", () => this.asking?.abort());
  }

  /** Lists the customers behind something. */
  customers(title: string, query: Record<string, string>): void {
    this.list({ title, path: "customers", query, noun: "customers", lay: (table) => this.people(table, () => this.customers(title, query)) }, 0);
  }

  /** Lists refused events of a reason. */
  refused(reason: string): void {
    this.list({
      title: `Refused: ${words(reason)}`, path: "refused", query: { name: reason }, noun: "events",
      lay: (table) => grid(
        ["Received", "Field", "What it says", "Site"].map((text) => ({ text })),
        rows(table).map((row) => [{ text: moment(String(row.received_at)) }, { text: String(row.field) || none }, { text: String(row.detail) }, { text: String(row.site) }])),
    }, 0);
  }

  private async list(list: List, page: number): Promise<void> {
    this.back = undefined;
    const query = current();
    for (const [name, value] of Object.entries({ ...list.query, page: String(page) })) query.set(name, value);
    const table = await this.load<Table>(list.title, list.path, query);
    if (!table) return;
    const total = Number(rows(table)[0]?.total ?? 0);
    if (table.rows.length === 0) {
      this.show(list.title, h("p", { class: "nothing" }, page === 0 ? "Nobody is here any more." : "There is no further page."));
      return;
    }
    const first = page * pageSize + 1;
    const turn = (to: number, text: string) => h("button", { type: "button", class: "quiet", disabled: to < 0 || to * pageSize >= total, onclick: () => void this.list(list, to) }, text);
    this.show(list.title,
      h("div", { class: "rows", tabindex: 0, role: "region", "aria-label": list.title }, list.lay(table)),
      h("nav", { class: "pages", "aria-label": "Pages" }, turn(page - 1, "← Newer"),
        h("span", {}, `${count(first)}–${count(first + table.rows.length - 1)} of ${count(total)} ${list.noun}`), turn(page + 1, "Older →")));
  }

  private people(table: Table, back: () => void): HTMLElement {
    const head: Cell[] = [{ text: "Customer" }, { text: "Last seen" }, { text: "Furthest stage" }, { text: "Came by" },
      { text: "Touchpoints", number: true }, { text: "Orders", number: true }, { text: "Revenue", number: true }];
    return grid(head, rows<Customer>(table).map((one) => [
      { text: one.customer_id, pick: () => void this.customer(one.site, one.customer_id, back), says: `${one.customer_id}: show the timeline` },
      { text: ago(one.last_seen) }, { text: capital(stages[one.furthest] === "start" ? "none" : stages[one.furthest]!) }, { text: one.entry || none },
      { text: count(one.touches), number: true }, { text: count(one.orders), number: true }, { text: one.spent > 0 ? count(one.spent) : none, number: true },
    ]));
  }

  /** Shows one customer; back leads to where it was chosen. */
  async customer(site: string, id: string, back?: () => void): Promise<void> {
    const answer = await this.load<{ customer: string; summary: Table; journeys: Table; touchpoints: Table }>(id, "customer", new URLSearchParams({ site, id }));
    if (!answer) return;
    this.back = back;
    const summary = rows(answer.summary)[0];
    const touches = rows(answer.touchpoints);
    this.show(answer.customer,
      answer.customer !== id ? h("p", { class: "hint" }, `Known at first as ${id}.`) : document.createTextNode(""),
      summary ? facts(site, summary) : h("p", { class: "nothing" }, "No journey of this customer is stored yet: it may take a second."),
      h("h3", {}, `Touchpoints, the newest first${touches.length >= 1000 ? " (the last 1,000)" : ""}`),
      timeline(touches));
  }

  /** Asks, with the title shown meanwhile; undefined when there is no answer, and the drawer says why. */
  private async load<T>(title: string, path: string, query: URLSearchParams): Promise<T | undefined> {
    this.asking?.abort();
    const asking = new AbortController();
    this.asking = asking;
    if (!this.root.open) {
      this.show(title, h("p", { class: "nothing" }, "Looking …"));
      this.root.showModal();
    }
    try {
      return await ask<T>(path, query, asking.signal);
    } catch (error) {
      if (asking.signal.aborted) return undefined;
      this.show(title, h("p", { class: "nothing" }, error instanceof Error && error.message !== "Failed to fetch" ? error.message : "ClickHouse is away. Try again in a moment."));
      return undefined;
    }
  }

  private show(title: string, ...content: Node[]): void {
    const back = this.back;
    put(this.root,
      h("header", {},
        back ? h("button", { type: "button", class: "quiet", onclick: back }, "← Back") : null,
        h("h2", { id: "drawer-title", tabindex: -1 }, title),
        h("button", { type: "button", class: "icon", "aria-label": "Close", onclick: () => this.root.close() }, "✕")),
      h("div", { class: "content" }, ...content));
    if (this.root.open) this.root.querySelector<HTMLElement>("#drawer-title")?.focus();
  }
}

function facts(site: string, row: Row): HTMLElement {
  const pairs: [string, string][] = [
    ["Site", site], ["Stage now", capital(String(row.stage_now ?? "")) || none], ["First seen", `${date(String(row.first_seen))}, by ${row.first_seen_by}`], ["Last seen", ago(String(row.last_seen))],
    ["Journeys", count(Number(row.journeys))], ["Sessions", count(Number(row.session_count))], ["Touchpoints", count(Number(row.touchpoint_count))],
    ["Orders", count(Number(row.orders))], ["Revenue", count(Number(row.revenue_total))],
  ];
  const list = h("dl", { class: "facts" });
  for (const [name, value] of pairs) list.append(h("div", {}, h("dt", {}, name), h("dd", {}, value)));
  return list;
}

/** Touchpoints under the day they were made on, a line drawn where a session ends. */
function timeline(touches: Row[]): HTMLElement {
  const list = h("ol", { class: "timeline" });
  touches.forEach((touch, i) => {
    const before = touches[i - 1];
    const at = String(touch.occurred_at);
    if (!before || date(String(before.occurred_at)) !== date(at)) list.append(h("li", { class: "day" }, date(at)));
    else if (before.session_started_at !== touch.session_started_at) {
      list.append(h("li", { class: "gap" }, `${span((Date.parse(String(before.occurred_at)) - Date.parse(at)) / 1000)} in between`));
    }
    const stage = String(touch.stage ?? "");
    const notes = [touch.page, touch.channel_name, touch.campaign_name, touch.rule ? `rule ${touch.rule}` : ""].filter(Boolean).map(String);
    list.append(h("li", {},
      h("time", { datetime: at }, time(at)),
      h("span", { class: `badge s${Math.max(0, stages.indexOf(stage))}` }, stage === "" ? "No stage" : capital(stage)),
      h("span", { class: "event" }, String(touch.event), touch.revenue_amount != null && ` · revenue ${count(Number(touch.revenue_amount))}`),
      h("span", { class: "by" }, notes.join(" · "))));
  });
  return list;
}
