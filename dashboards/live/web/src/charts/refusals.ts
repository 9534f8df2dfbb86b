// Refused events by reason.
import { rows, type Refusal, type Table } from "../answers";
import { ago, brief, capital, count, words } from "../format";
import { tip, tooltip, type Design } from "./card";

const most = 8;

interface Reason { reason: string; events: number; last: string; detail: string }

function byReason(table: Table): Reason[] {
  const all = new Map<string, Reason>();
  for (const row of rows<Refusal>(table)) {
    const one = all.get(row.reason) ?? { reason: row.reason, events: 0, last: "", detail: "" };
    one.events += row.events;
    if (row.last_seen > one.last) [one.last, one.detail] = [row.last_seen, row.latest_detail];
    all.set(row.reason, one);
  }
  return [...all.values()].sort((a, b) => b.events - a.events);
}

export function refusals(pick: (reason: string) => void): Design<Table> {
  return {
    id: "refusals", title: "Refused events", hint: "By reason; each is kept with its bytes in rejected_touchpoints",
    nothing: (table) => (table.rows.length > 0 ? null : "Nothing was refused in this time range."),
    draw(table, colours) {
      const all = byReason(table);
      const shown = all.slice(0, most);
      const style = { fontFamily: colours.font, fontSize: colours.size };
      const axis = {
        type: "category" as const, inverse: true, data: [...shown.map((one) => one.reason), ...Array<string>(Math.max(0, 6 - shown.length)).fill("")],
        axisLine: { show: false }, axisTick: { show: false }, splitLine: { show: false },
      };
      return {
        option: {
          grid: { left: 6, right: 6, top: 2, bottom: 2, containLabel: true },
          tooltip: { ...tooltip(colours), trigger: "axis", axisPointer: { type: "none" }, formatter: (at) => {
            const one = shown[(at as unknown as { dataIndex: number }[])[0]!.dataIndex];
            return one === undefined ? "" : tip(capital(words(one.reason)), ["Events", count(one.events)], ["The latest", ago(one.last)], ["It says", one.detail.slice(0, 90)]);
          } },
          xAxis: { type: "value", show: false, max: "dataMax" },
          yAxis: [
            { ...axis, position: "left", axisLabel: { ...style, color: colours.text, align: "left", margin: colours.size * 8.2, width: colours.size * 8, overflow: "truncate", interval: 0, formatter: (name: string) => capital(words(name)) } },
            { ...axis, position: "right", axisLabel: { ...style, color: colours.text, fontWeight: 600, align: "right", margin: colours.size * 4.2, interval: 0, formatter: (_: string, i: number) => (shown[i] ? brief(shown[i].events) : "") } },
          ],
          series: [{ type: "bar", barWidth: "50%", barMaxWidth: 20, cursor: "pointer", itemStyle: { color: colours.dropped, borderRadius: 2 }, data: shown.map((one) => one.events) }],
        },
        says: "Refused events. " + shown.map((one) => `${words(one.reason)}: ${count(one.events)}`).join(". "),
        head: [{ text: "Reason" }, { text: "Events", number: true }, { text: "The latest", number: true }, { text: "What it says" }],
        body: all.map((one) => [
          { text: capital(words(one.reason)), pick: () => pick(one.reason), says: `${words(one.reason)}: show the events` },
          { text: count(one.events), number: true }, { text: ago(one.last), number: true }, { text: one.detail },
        ]),
      };
    },
    pick(table, { dataIndex }) {
      const one = byReason(table)[dataIndex];
      if (one) pick(one.reason);
    },
  };
}
