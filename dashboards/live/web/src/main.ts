// The live page: wires answers to what shows them, and clicks to questions.
import { capital } from "./format";
import type { Arrival, Health, Table } from "./answers";
import { Card } from "./charts/card";
import { channels } from "./charts/channels";
import { flows } from "./charts/flows";
import { funnel } from "./charts/funnel";
import { refusals } from "./charts/refusals";
import { byId } from "./dom";
import { Drawer } from "./drawer";
import { empty, explain } from "./empty";
import { Feed } from "./feed";
import { Figures } from "./figures";
import { current } from "./filter";
import { Filters } from "./filters";
import { Alarm, parts } from "./health";
import { Stream } from "./stream";
import { themes } from "./theme";

const drawer = new Drawer();
const figures = new Figures();
const alarm = new Alarm();
const ends: Record<string, string> = { dropped: "dropped there", open: "are still open there", skipped: "bought from there" };

const cards: Record<string, Card<Table>> = {
  funnel: new Card(byId("funnel"), funnel((stage, part) =>
    drawer.customers(`${capital(stage.stage_name)}: ${ends[part] ? `those who ${ends[part]}` : "those who came there"}`, { of: "stage", stage: String(stage.stage), part }))),
  flows: new Card(byId("flows"), flows((flow) =>
    drawer.customers(`${capital(flow.from)} → ${flow.to}`, { of: "flow", from_stage: String(flow.from_stage), to_stage: String(flow.to_stage) }))),
  channels: new Card(byId("channels"), channels((channel) => drawer.customers(`Came by ${channel}`, { of: "channel", name: channel }))),
  refusals: new Card(byId("refusals"), refusals((reason) => drawer.refused(reason))),
};
const stream = new Stream((arrival: Arrival) => void drawer.customer(arrival.site, arrival.customer_id));

themes(byId<HTMLButtonElement>("theme"), () => {
  for (const card of Object.values(cards)) card.redraw();
  figures.redraw();
});

let touchpoints: number | undefined;

function take(name: string, data: unknown): void {
  if (name === "health") {
    parts(data as Health);
    alarm.health(data as Health);
    figures.health(data as Health);
  } else if (name === "arrivals") {
    stream.show(data as Table);
    if (touchpoints === 0) void options();
  } else if (name === "summary") figures.summary(data as Table);
  else if (name === "trend") figures.trend(data as Table);
  else cards[name]?.show(data as Table);
}

const feed = new Feed(take, (link) => alarm.connected(link), ["arrivals", "health", "summary", "trend", ...Object.keys(cards)]);
const filters = new Filters((query) => {
  stream.clear();
  feed.open(query);
  void options();
});

/** Reads what the filters offer, and whether there is anything at all. It is tried again until there is an answer. */
async function options(): Promise<void> {
  try {
    touchpoints = await filters.options();
    if (touchpoints === 0) await explain();
    empty(touchpoints === 0);
  } catch {
    setTimeout(() => void options(), 3000);
  }
}

feed.open(current());
void options();
setInterval(() => { if (!document.hidden) void options(); }, 60_000);
