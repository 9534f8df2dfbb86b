// Entry channels: a bar a channel, cut by the furthest stage that its journeys came to.
import { rows, stages, type Channel, type Table } from "../answers";
import { brief, capital, count, percent } from "../format";
import type { Palette } from "../theme";
import { tip, tooltip, type Design } from "./card";

const most = 9;
const levels = ["awareness", "consideration", "intent", "purchase", "loyalty"] as const;

export function channels(pick: (channel: string) => void): Design<Table> {
  return {
    id: "channels", title: "Entry channels", hint: "By how far their journeys came; on the right, the share that bought",
    legend: levels.map((stage, i) => [`s${i + 1}`, capital(stage)]),
    nothing: (table) => (table.rows.length > 0 ? null : "No journeys began in this time range, or none match the filters."),
    draw(table, colours) {
      const all = rows<Channel>(table);
      const shown = all.slice(0, most);
      return {
        option: {
          grid: { left: 6, right: 6, top: 2, bottom: 2, containLabel: true },
          tooltip: { ...tooltip(colours), trigger: "axis", axisPointer: { type: "none" }, formatter: (at) => about(shown[(at as unknown as { dataIndex: number }[])[0]!.dataIndex]) },
          xAxis: { type: "value", show: false, max: "dataMax" },
          yAxis: [axis(shown, colours, "left"), axis(shown, colours, "right")],
          series: [["no_stage", 0] as const, ...levels.map((stage, i) => [stage, i + 1] as const)].map(([stage, n]) => ({
            type: "bar" as const, stack: "all", barWidth: "62%", name: stage, cursor: "pointer",
            itemStyle: { color: colours.stages[n], borderColor: colours.card, borderWidth: 0.5, borderRadius: 2 },
            data: shown.map((channel) => channel[stage]),
          })),
        },
        says: "Entry channels. " + shown.map((channel) => `${channel.channel_name}: ${count(channel.journeys)} journeys, ${percent(channel.conversion)} bought`).join(". "),
        head: [{ text: "Channel" }, ...["Journeys", "Bought", "Revenue", ...levels.map((stage) => `Ended in ${stage}`)].map((text) => ({ text, number: true }))],
        body: all.map((channel) => [
          { text: channel.channel_name, pick: () => pick(channel.channel_name), says: `${channel.channel_name}: show the customers` },
          ...[count(channel.journeys), percent(channel.conversion), count(channel.revenue_total), ...levels.map((stage) => count(channel[stage]))].map((text) => ({ text, number: true })),
        ]),
      };
    },
    pick(table, { dataIndex }) {
      const channel = rows<Channel>(table)[dataIndex];
      if (channel) pick(channel.channel_name);
    },
  };
}

function axis(shown: Channel[], colours: Palette, position: "left" | "right") {
  const style = { fontFamily: colours.font, fontSize: colours.size, lineHeight: colours.size * 1.4 };
  return {
    type: "category" as const, inverse: true, position, data: [...shown.map((channel) => channel.channel_name), ...Array<string>(Math.max(0, 7 - shown.length)).fill("")],
    axisLine: { show: false }, axisTick: { show: false }, splitLine: { show: false },
    axisLabel: {
      interval: 0, align: position === "left" ? ("left" as const) : ("right" as const), margin: colours.size * (position === "left" ? 8.2 : 7),
      width: colours.size * 8, overflow: "truncate" as const, color: colours.text, ...style,
      rich: { big: { ...style, color: colours.text, fontWeight: 600 as const }, small: { ...style, color: colours.dim, width: colours.size * 3.4, align: "right" as const } },
      formatter: (name: string, i: number) => (position === "left" || !shown[i] ? name : `{big|${brief(shown[i].journeys)}}{small|${percent(shown[i].conversion)}}`),
    },
  };
}

function about(channel?: Channel): HTMLElement | string {
  if (!channel) return "";
  return tip(channel.channel_name, ["Journeys", count(channel.journeys)], ["Bought", percent(channel.conversion)], ["Revenue", count(channel.revenue_total)],
    ...stages.slice(1).map((stage) => [`Furthest: ${stage}`, count(channel[stage as (typeof levels)[number]])] as [string, string]));
}
