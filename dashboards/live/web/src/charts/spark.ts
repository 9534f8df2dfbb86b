// A line without axes, beside a figure.
import type { Palette } from "../theme";
import { init, type Chart } from "./echarts";

/** Draws values in an element; the figure beside it says what matters, so it is hidden from screen readers. */
export class Spark {
  private chart?: Chart;
  private drawn = "";

  constructor(private root: HTMLElement) {
    root.setAttribute("aria-hidden", "true");
    new ResizeObserver(() => this.chart?.resize()).observe(root);
  }

  show(values: (number | null)[], colours: Palette): void {
    if (this.root.clientWidth === 0 || values.length < 5) return;
    this.chart ??= init(this.root);
    const option = {
      animation: false, grid: { left: 0, right: 0, top: 3, bottom: 1 }, silent: true,
      xAxis: { type: "category" as const, show: false, data: values.map((_, i) => i), boundaryGap: false },
      yAxis: { type: "value" as const, show: false, min: 0 },
      series: [{ type: "line" as const, data: values, symbol: "none", lineStyle: { color: colours.accent, width: 1.6 }, areaStyle: { color: colours.accent, opacity: 0.12 } }],
    };
    const text = JSON.stringify(option);
    if (text !== this.drawn) this.chart.setOption(option);
    this.drawn = text;
  }
}
