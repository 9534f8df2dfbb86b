// The key figures at the top: what came out of the journeys, and how fast touchpoints come in.
import { rows, type Health, type Point, type Summary, type Table } from "./answers";
import { Spark } from "./charts/spark";
import { byId, fill, h, write } from "./dom";
import { brief, change, none, percent, rate, span } from "./format";
import { palette } from "./theme";

interface Tile { value: HTMLElement; note: HTMLElement; spark?: Spark }

function tile(root: HTMLElement, name: string, unit: string, line: boolean): Tile {
  const value = h("span", { class: "value" }, none);
  const note = h("span", { class: "note" });
  const canvas = line ? h("div", { class: "spark" }) : null;
  fill(root, h("div", { class: "figure" }, h("h2", {}, name), h("p", {}, value, unit !== "" && h("span", { class: "unit" }, unit)), note, canvas));
  return { value, note, spark: canvas ? new Spark(canvas) : undefined };
}

const kept = 60; // seconds of rates

/** The tiles; each show… takes an answer. */
export class Figures {
  private journeys: Tile;
  private conversion: Tile;
  private revenue: Tile;
  private open: Tile;
  private accepted: Tile;
  private fresh: Tile;
  private points: Point[] = [];
  private rates: number[] = [];

  constructor() {
    const root = byId("figures");
    this.journeys = tile(root, "Journeys", "", true);
    this.conversion = tile(root, "Bought", "", true);
    this.revenue = tile(root, "Revenue", "", false);
    this.open = tile(root, "Still open", "", false);
    this.accepted = tile(root, "Accepted", "/s", true);
    this.fresh = tile(root, "Queryable after", "", false);
  }

  summary(table: Table): void {
    const one = rows<Summary>(table)[0];
    if (!one) return;
    const before = one.journeys_change == null ? 0 : one.journeys / (1 + one.journeys_change);
    set(this.journeys, brief(one.journeys), one.journeys_change, before);
    set(this.conversion, percent(one.conversion), one.conversion_change, before);
    set(this.revenue, brief(one.revenue_total), one.revenue_change, before);
    write(this.open.value, percent(one.open_share));
    write(this.open.note, "of them may still go on");
  }

  trend(table: Table): void {
    this.points = rows<Point>(table);
    this.redraw();
  }

  health(health: Health): void {
    write(this.accepted.value, rate(health.accepted));
    write(this.accepted.note, !health.metered ? "metrics are not connected" : health.rejected ? `${rate(health.rejected)}/s refused` : "none refused now");
    if (health.accepted != null) this.rates = [...this.rates, health.accepted].slice(-kept);
    if (health.freshness != null || !health.metered) write(this.fresh.value, span(health.freshness));
    write(this.fresh.note, health.lag == null ? "lag unknown" : health.lag === 0 ? "nothing waits" : `${brief(health.lag)} wait in Kafka`);
    this.accepted.spark?.show(this.rates, palette());
  }

  redraw(): void {
    const colours = palette();
    this.journeys.spark?.show(this.points.map((point) => point.journeys), colours);
    this.conversion.spark?.show(this.points.map((point) => point.conversion), colours);
    this.accepted.spark?.show(this.rates, colours);
  }
}

const enough = 30; // journeys that a period must have had to be compared with

function set(tile: Tile, text: string, changed: number | null, before: number): void {
  write(tile.value, text);
  const compared = changed != null && before >= enough;
  write(tile.note, before === 0 ? "nothing before to compare" : !compared ? "too little before to compare"
    : changed >= 9 ? `${brief(changed + 1)} times the period before` : `${change(changed)} on the period before`);
  tile.note.dataset.way = !compared || Math.abs(changed) < 0.005 ? "" : changed > 0 ? "up" : "down";
}
