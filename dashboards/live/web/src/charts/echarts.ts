// ECharts with the parts that this page uses, and no others.
import { init, use, type EChartsType } from "echarts/core";
import { BarChart, LineChart, SankeyChart, type BarSeriesOption, type LineSeriesOption, type SankeySeriesOption } from "echarts/charts";
import { GridComponent, TooltipComponent, type GridComponentOption, type TooltipComponentOption } from "echarts/components";
import { CanvasRenderer } from "echarts/renderers";
import type { ComposeOption } from "echarts/core";

use([BarChart, LineChart, SankeyChart, GridComponent, TooltipComponent, CanvasRenderer]);

export type Option = ComposeOption<BarSeriesOption | LineSeriesOption | SankeySeriesOption | GridComponentOption | TooltipComponentOption>;
export { init };
export type Chart = EChartsType;

/** Whether things may move. */
export const moving = () => !matchMedia("(prefers-reduced-motion: reduce)").matches;
