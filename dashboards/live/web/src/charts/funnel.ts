// The funnel: a bar a stage, as long as the journeys that came there in order, cut by what became of them.
import { rows, type Stage, type Table } from "../answers";
import { brief, capital, change, count, none, percent } from "../format";
import type { Palette } from "../theme";
import { tip, tooltip, type Design } from "./card";

export type PickStage = (stage: Stage, part: string) => void;

const cuts = [
  { part: "on", words: "Went on or bought" }, { part: "skipped", words: "Skipped ahead and bought" },
  { part: "open", words: "Open: may still go on" }, { part: "dropped", words: "Dropped: their time is over" },
] as const;

type Cut = (typeof cuts)[number]["part"];

function size(stage: Stage, part: Cut): number {
  return part === "on" ? stage.in_order - stage.skipped - stage.open - stage.dropped : stage[part];
}

export function funnel(pick: PickStage): Design<Table> {
  return {
    id: "funnel", title: "Funnel", hint: "Journeys begun in this time that came to each stage in order",
    legend: cuts.map((cut) => [cut.part, cut.words.split(":")[0]!]),
    nothing(table) {
      const all = rows<Stage>(table);
      if (all.some((stage) => stage.in_order > 0)) return null;
      const touched = all.filter((stage) => stage.reached > 0).map((stage) => `${stage.stage_name} ${count(stage.reached)}`);
      return touched.length > 0 ? `No journey came in order from awareness on. In any order: ${touched.join(", ")}.` : "No journeys began in this time range, or none match the filters.";
    },
    draw(table, colours) {
      const all = rows<Stage>(table);
      const most = Math.max(...all.map((stage) => stage.in_order));
      return {
        option: {
          grid: { left: 6, right: 6, top: 4, bottom: 4, containLabel: true },
          tooltip: { ...tooltip(colours), trigger: "axis", axisPointer: { type: "none" }, formatter: (at) => about(all[(at as unknown as { dataIndex: number }[])[0]!.dataIndex]!) },
          xAxis: { type: "value", show: false, max: most },
          yAxis: [axis(all, colours, "left"), axis(all, colours, "right")],
          series: cuts.map(({ part }) => ({
            type: "bar" as const, stack: "all", barWidth: "58%", cursor: "pointer", name: part,
            itemStyle: { color: colours[part], borderColor: colours.card, borderWidth: 0.5, borderRadius: 2 },
            emphasis: { focus: "none" as const },
            data: all.map((stage) => size(stage, part)),
          })),
        },
        says: "Funnel. " + all.map((stage) => `${capital(stage.stage_name)}: ${count(stage.in_order)}${stage.conversion == null ? "" : `, ${percent(stage.conversion)} of the stage before`}`).join(". "),
        head: [{ text: "Stage" }, ...["Came in order", "Of stage before", "Before", "Touched at all", "Dropped", "Open", "Skipped ahead"].map((text) => ({ text, number: true }))],
        body: all.map((stage) => [
          { text: capital(stage.stage_name), pick: () => pick(stage, ""), says: `${stage.stage_name}: show the customers` },
          ...[count(stage.in_order), percent(stage.conversion), count(stage.in_order_before), count(stage.reached)].map((text) => ({ text, number: true })),
          ...(["dropped", "open", "skipped"] as const).map((part) => ({
            text: count(stage[part]), number: true, pick: stage[part] > 0 ? () => pick(stage, part) : undefined, says: `${count(stage[part])} ${part} at ${stage.stage_name}: show the customers`,
          })),
        ]),
      };
    },
    pick(table, { dataIndex, seriesIndex }) {
      const stage = rows<Stage>(table)[dataIndex];
      const part = cuts[seriesIndex ?? 0]!.part;
      if (stage) pick(stage, part === "on" ? "" : part);
    },
  };
}

/** The stages' names on the left, figures on the right. */
function axis(all: Stage[], colours: Palette, position: "left" | "right") {
  const big = { color: colours.text, fontSize: colours.size * 1.18, fontWeight: 600 as const, lineHeight: colours.size * 1.6, fontFamily: colours.font };
  const small = { color: colours.dim, fontSize: colours.size * 0.92, lineHeight: colours.size * 1.35, fontFamily: colours.font };
  return {
    type: "category" as const, inverse: true, position, data: all.map((stage) => stage.stage_name),
    axisLine: { show: false }, axisTick: { show: false }, splitLine: { show: false },
    axisLabel: {
      align: position === "left" ? ("left" as const) : ("right" as const), margin: position === "left" ? colours.size * 9.4 : colours.size * 5.4,
      rich: { big, small }, fontFamily: colours.font, color: colours.text, interval: 0,
      formatter: (_: string, i: number) => {
        const stage = all[i]!;
        return position === "left"
          ? `{big|${capital(stage.stage_name)}}`
          : `{big|${brief(stage.in_order)}}` + (stage.conversion == null ? "" : `\n{small|${percent(stage.conversion)}}`);
      },
    },
  };
}

function about(stage: Stage): HTMLElement {
  return tip(capital(stage.stage_name),
    ["Came in order", count(stage.in_order)],
    stage.conversion != null && ["Of the stage before", percent(stage.conversion)],
    ["Dropped", count(stage.dropped)], ["Open", count(stage.open)], ["Bought without the steps between", count(stage.skipped)],
    ["Touched in any order", count(stage.reached)],
    ["In the period before", stage.in_order_before > 0 ? `${count(stage.in_order_before)} (${change(stage.in_order / stage.in_order_before - 1)})` : none]);
}
