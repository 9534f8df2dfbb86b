// The flows: journeys from stage to stage. Steps back end in a node of their own, as a Sankey cannot turn round.
import { rows, stages, type Flow, type Table } from "../answers";
import { brief, capital, change, count, none, percent } from "../format";
import type { Palette } from "../theme";
import { tip, tooltip, type Design } from "./card";

export type PickFlow = (flow: Flow) => void;

const gap = 16; // between nodes, and bottom below them, in pixels
const bottom = 8;
const isBack = (flow: Flow) => flow.to_stage <= flow.from_stage;
const backNode = (flow: Flow) => `${flow.from_stage}>${flow.to_stage}`;

export function flows(pick: PickFlow): Design<Table> {
  return {
    id: "flows", title: "From stage to stage", hint: "Steps made in this time; click one to see whose they are",
    legend: [["on", "Forward"], ["skip", "Skips a stage"], ["back", "Back"]],
    nothing: (table) => (table.rows.length > 0 ? null : "No steps between stages in this time range, or none match the filters."),
    draw(table, colours, room) {
      const all = rows<Flow>(table);
      const narrow = room.width < colours.size * 41; // names beside one another would touch: every second one stands higher
      const top = colours.size * (narrow ? 6 : 3.4);
      return {
        option: {
          tooltip: { ...tooltip(colours), trigger: "item", formatter: (at) => hover(all, at as { dataType?: string; data?: unknown; value?: unknown; name?: string }) },
          series: [{
            type: "sankey", left: colours.size * 1.6, right: colours.size * 3.8, top, bottom, nodeWidth: 12, nodeGap: gap, draggable: false, layoutIterations: 0,
            emphasis: { focus: "adjacency" }, cursor: "pointer", nodeAlign: "left",
            label: { color: colours.text, fontFamily: colours.font, fontSize: colours.size, textBorderWidth: 3, textBorderColor: colours.card },
            data: [...nodes(all, colours, narrow), pad(all, room.height - top - bottom)], links: links(all, colours),
          }],
        },
        says: "Steps between stages. " + [...all].sort((a, b) => b.transitions - a.transitions).slice(0, 6).map((flow) => `${flow.from} to ${flow.to}: ${count(flow.transitions)}`).join(". "),
        head: [{ text: "Step" }, { text: "Kind" }, ...["Steps", "Of all out of it", "Before"].map((text) => ({ text, number: true }))],
        body: all.map((flow) => [
          { text: `${capital(flow.from)} → ${flow.to}`, pick: () => pick(flow), says: `${capital(flow.from)} → ${flow.to}: show the customers` },
          { text: flow.kind_name }, { text: count(flow.transitions), number: true }, { text: percent(flow.share), number: true }, { text: count(flow.transitions_before), number: true },
        ]),
      };
    },
    pick(table, { data, dataType }) {
      const flow = dataType === "edge" && rows<Flow>(table)[(data as { index: number }).index];
      if (flow) pick(flow);
    },
  };
}

function nodes(all: Flow[], colours: Palette, narrow: boolean) {
  const total = all.reduce((sum, flow) => sum + flow.transitions, 0);
  const used = new Set(all.flatMap((flow) => (isBack(flow) ? [flow.from_stage] : [flow.from_stage, flow.to_stage])));
  const forward = [...used].sort().map((n) => ({
    name: String(n), depth: n, itemStyle: { color: colours.stages[n]!, borderWidth: 0 },
    label: { formatter: `${capital(stages[n]!)}\n{dim|${brief(through(all, n))}}`, fontWeight: 600 as const, position: "top" as const, distance: narrow && n % 2 === 1 ? colours.size * 3 : 5, align: "center" as const, lineHeight: colours.size * 1.3, rich: { dim: { color: colours.dim, fontSize: colours.size * 0.95, fontFamily: colours.font } } },
  }));
  const back = all.filter(isBack).map((flow) => ({
    name: backNode(flow), depth: flow.from_stage + 1, itemStyle: { color: colours.back, borderWidth: 0 },
    label: { show: flow.transitions / total > 0.012, formatter: `↩ ${brief(flow.transitions)}`, color: colours.dim },
  }));
  return [...forward, ...back];
}

/**
 * A node that nobody sees, in the last column, which makes that column the fullest. The layout moves the fullest column by a
 * rounding error; in a column that is seen this would change the order of flows from one drawing to the next.
 */
function pad(all: Flow[], height: number) {
  const columns = Array.from({ length: 7 }, () => new Map<string, number>());
  const add = (depth: number, name: string, n: number) => columns[depth]!.set(name, (columns[depth]!.get(name) ?? 0) + n);
  for (const flow of all) {
    if (isBack(flow)) add(flow.from_stage + 1, backNode(flow), flow.transitions);
  }
  for (let n = 0; n <= 5; n++) {
    const sum = (end: "from_stage" | "to_stage") => all.filter((flow) => flow[end] === n && (end === "from_stage" || !isBack(flow))).reduce((s, flow) => s + flow.transitions, 0);
    add(n, String(n), Math.max(sum("from_stage"), sum("to_stage")));
  }
  const total = (column: Map<string, number>) => [...column.values()].reduce((sum, n) => sum + n, 0);
  const need = Math.max(...columns.map((column) => total(column) / (height - (column.size - 1) * gap)));
  return {
    name: "pad", depth: 6, value: Math.max(0, 1.004 * need * (height - columns[6]!.size * gap) - total(columns[6]!)),
    itemStyle: { opacity: 0 }, label: { show: false }, emphasis: { disabled: true }, tooltip: { show: false },
  };
}

/** How many steps lead into a stage; out of it, for the start. */
function through(all: Flow[], n: number): number {
  return all.filter((flow) => (n === 0 ? flow.from_stage === 0 : flow.to_stage === n)).reduce((sum, flow) => sum + flow.transitions, 0);
}

/** Far links run below near ones at both of their ends, so that they pass under the stages between. */
function links(all: Flow[], colours: Palette) {
  const numbered = all.map((flow, index) => ({ flow, index }));
  numbered.sort((a, b) => b.flow.from_stage - a.flow.from_stage || Number(isBack(a.flow)) - Number(isBack(b.flow)) || a.flow.to_stage - b.flow.to_stage);
  return numbered.map(({ flow, index }) => ({
    source: String(flow.from_stage), target: isBack(flow) ? backNode(flow) : String(flow.to_stage), value: flow.transitions, index,
    lineStyle: { color: isBack(flow) ? colours.back : flow.kind_name === "skip" ? colours.skip : colours.on, opacity: 0.32, curveness: 0.5 },
    emphasis: { lineStyle: { opacity: 0.6 } },
  }));
}

function hover(all: Flow[], at: { dataType?: string; data?: unknown; name?: string }): HTMLElement | string {
  if (at.dataType === "edge") {
    const flow = all[(at.data as { index: number }).index]!;
    return tip(`${capital(flow.from)} → ${flow.to}`, ["Steps", count(flow.transitions)], [`Of all out of ${flow.from}`, percent(flow.share)],
      ["In the period before", flow.transitions_before > 0 ? `${count(flow.transitions_before)} (${change(flow.transitions / flow.transitions_before - 1)})` : none]);
  }
  const n = Number(at.name);
  if (Number.isNaN(n)) return backTip(all, String(at.name));
  return tip(capital(stages[n]!), [n === 0 ? "Journeys begun" : "Steps into it", count(through(all, n))],
    ["Steps out of it", count(all.filter((flow) => flow.from_stage === n).reduce((sum, flow) => sum + flow.transitions, 0))]);
}

function backTip(all: Flow[], name: string): HTMLElement | string {
  const flow = all.find((one) => isBack(one) && backNode(one) === name);
  return flow ? tip(`Back from ${flow.from} to ${flow.to}`, ["Steps", count(flow.transitions)]) : "";
}
