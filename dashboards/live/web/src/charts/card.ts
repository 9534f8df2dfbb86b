// A card: title, chart, and behind the chart the same as a table, for keyboards, screen readers and those who like numbers.
import { fill, h, put } from "../dom";
import { palette, type Palette } from "../theme";
import { init, moving, type Chart, type Option } from "./echarts";

export interface Cell { text: string; number?: boolean; pick?: () => void; says?: string }

/** What a card shows for some data. */
export interface Drawing {
  option: Option;
  /** The chart in a sentence, for those who cannot see it. */
  says: string;
  head: Cell[];
  body: Cell[][];
}

export interface Design<T> {
  id: string;
  title: string;
  /** How to read it. */
  hint: string;
  /** What the colours mean: the name of a colour and its words. */
  legend?: [string, string][];
  /** What is said where there is nothing; null when there is something. */
  nothing(data: T): string | null;
  draw(data: T, colours: Palette, room: { width: number; height: number }): Drawing;
  /** What a click on the chart means. */
  pick?(data: T, params: { data?: unknown; dataType?: string; seriesIndex?: number; dataIndex: number }): void;
}

/** One card on the page. */
export class Card<T> {
  private chart?: Chart;
  private data?: T;
  private drawn = "";
  private plot = h("div", { class: "plot", role: "img" });
  private table = h("div", { class: "rows", hidden: true, tabindex: 0, role: "region" });
  private nothing = h("p", { class: "nothing", hidden: true });
  private toggle: HTMLButtonElement;
  private tabled = false;

  constructor(root: HTMLElement, private design: Design<T>) {
    const title = `${design.id}-title`;
    root.setAttribute("aria-labelledby", title);
    this.toggle = h("button", { type: "button", class: "quiet", "aria-pressed": "false", onclick: () => this.flip() }, "Table");
    this.toggle.setAttribute("aria-label", `${design.title} as a table`);
    this.table.setAttribute("aria-label", `${design.title}, table`);
    const legend = design.legend?.map(([colour, words]) => h("li", {}, h("i", { class: `key ${colour}`, "aria-hidden": "true" }), words)) ?? [];
    put(root,
      h("header", {}, h("h2", { id: title }, design.title), h("p", { class: "hint" }, design.hint), this.toggle),
      legend.length > 0 && h("ul", { class: "legend", "aria-label": "Colours" }, ...legend),
      h("div", { class: "body" }, this.plot, this.table, this.nothing));
    new ResizeObserver(() => { this.chart?.resize(); this.redraw(); }).observe(this.plot);
  }

  /** Shows data. */
  show(data: T): void {
    this.data = data;
    const nothing = this.design.nothing(data);
    this.nothing.hidden = nothing === null;
    this.plot.hidden = nothing !== null || this.tabled;
    this.table.hidden = nothing !== null || !this.tabled;
    this.toggle.hidden = nothing !== null;
    if (nothing !== null) {
      this.nothing.textContent = nothing;
      return;
    }
    this.redraw();
  }

  /** Draws again, as the colours or the size may be others. */
  redraw(): void {
    if (this.data === undefined || this.design.nothing(this.data) !== null) return;
    const drawing = this.design.draw(this.data, palette(), { width: this.plot.clientWidth, height: this.plot.clientHeight });
    this.plot.setAttribute("aria-label", drawing.says);
    this.lay(drawing);
    if (this.plot.hidden || this.plot.clientWidth === 0) return;
    this.chart ??= this.open();
    const option = { animation: moving(), animationDuration: 400, animationDurationUpdate: 500, ...drawing.option };
    const text = JSON.stringify(option);
    if (text === this.drawn) return;
    this.drawn = text;
    this.chart.setOption(option, { replaceMerge: ["series", "xAxis", "yAxis", "grid"] });
  }

  private open(): Chart {
    const chart = init(this.plot);
    chart.on("click", (params) => {
      if (this.data !== undefined) this.design.pick?.(this.data, params as Parameters<NonNullable<Design<T>["pick"]>>[1]);
    });
    return chart;
  }

  private flip(): void {
    this.tabled = !this.tabled;
    this.toggle.setAttribute("aria-pressed", String(this.tabled));
    this.plot.hidden = this.tabled;
    this.table.hidden = !this.tabled;
    this.redraw();
  }

  /** The table keeps its rows where nothing has changed, so that focus stays. */
  private lay(drawing: Drawing): void {
    const text = JSON.stringify([drawing.head, drawing.body]);
    if (this.table.dataset.text === text) return;
    this.table.dataset.text = text;
    const focused = this.table.contains(document.activeElement) ? [...this.table.querySelectorAll("button")].indexOf(document.activeElement as HTMLButtonElement) : -1;
    put(this.table, grid(drawing.head, drawing.body));
    if (focused >= 0) this.table.querySelectorAll("button")[focused]?.focus();
  }
}

/** A table with a row of headings. The first cell of a row names it. */
export function grid(head: Cell[], body: Cell[][]): HTMLTableElement {
  const inner = (cell: Cell) => (cell.pick ? h("button", { type: "button", class: "cell", "aria-label": cell.says ?? null, onclick: cell.pick }, cell.text) : cell.text);
  const table = h("table");
  fill(table,
    h("thead", {}, h("tr", {}, ...head.map((cell) => h("th", { scope: "col", class: cell.number ? "number" : null }, cell.text)))),
    h("tbody", {}, ...body.map((row) => h("tr", {}, ...row.map((cell, i) =>
      i === 0 ? h("th", { scope: "row" }, inner(cell)) : h("td", { class: cell.number ? "number" : null }, inner(cell)))))));
  return table;
}

/** A tooltip of a heading and lines, as elements: text from outside stays text. */
export function tip(heading: string, ...lines: ([string, string] | null | false)[]): HTMLElement {
  const box = h("div", { class: "tip" }, h("b", {}, heading));
  for (const line of lines) if (line) box.append(h("span", {}, line[0]), h("span", { class: "number" }, line[1]));
  return box;
}

/** What all tooltips have in common. */
export const tooltip = (colours: Palette) => ({
  backgroundColor: colours.card, borderColor: colours.line, borderWidth: 1, padding: 0, confine: true,
  textStyle: { color: colours.text, fontFamily: colours.font, fontSize: colours.size }, extraCssText: "border-radius:8px",
});
