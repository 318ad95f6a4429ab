// Usage by day as a drawing, for eyes alone: the table beside it has the same figures.

import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import * as format from "../../format";
import { theme } from "../../theme";
import type { Series } from "../../usage/meters";
import { type ChartProps, limitFits } from "./fit";

const HEIGHT = 240;
/** Steps of the axis: whole numbers, since things are counted. */
const STEPS = Array.from({ length: 13 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat();

/** A colour of the theme as a canvas takes it. */
function colour(name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

function useDark(): boolean {
  const [dark, setDark] = useState(() => matchMedia("(prefers-color-scheme: dark)").matches);
  useEffect(() => {
    const query = matchMedia("(prefers-color-scheme: dark)");
    const change = () => setDark(query.matches);
    query.addEventListener("change", change);
    return () => query.removeEventListener("change", change);
  }, []);
  return theme.value === "system" ? dark : theme.value === "dark";
}

export function Chart(props: ChartProps) {
  const { lines, series, mode, limit } = props;
  const box = useRef<HTMLDivElement>(null);
  const dark = useDark();
  const withLimit = limitFits(props);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const times = lines.days.map((day) => Date.parse(`${day}T00:00:00Z`) / 1_000);
    const limits = lines.days.map(() => (withLimit ? (limit ?? null) : null));
    const data: uPlot.AlignedData = mode === "each" ? [times, lines.each.map((value) => value || null)] : [times, lines.summed, lines.forecast, limits];
    const chart = new uPlot(options(element.clientWidth, series, mode), data, element);
    const resized = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      chart.destroy();
    };
  }, [lines, series, mode, limit, withLimit, dark]);
  return <div class="chart" ref={box} aria-hidden="true" />;
}

function options(width: number, series: Series, mode: ChartProps["mode"]): uPlot.Options {
  const [accent, fill, muted, line, bad] = ["accent", "accent-soft", "muted", "line", "bad"].map(colour) as [string, string, string, string, string];
  const axis = { stroke: muted, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
  const bars = uPlot.paths.bars?.({ size: [0.7, 40] });
  const drawn: uPlot.Series[] = mode === "each"
    ? [{ label: series.label, stroke: accent, fill: accent, points: { show: false }, ...(bars && { paths: bars }) }]
    : [
      { label: "Used", stroke: accent, fill, width: 2, points: { show: false } },
      { label: "Forecast", stroke: accent, width: 2, dash: [2, 4], points: { show: false } },
      { label: "Limit", stroke: bad, width: 1.5, dash: [8, 5], points: { show: false } },
    ];
  return {
    width,
    height: HEIGHT,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), "Etc/UTC"),
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: true }, y: { range: (_, __, max) => [0, max > 0 ? max * 1.08 : 1] } },
    axes: [
      { ...axis, grid: { show: false }, space: 64, values: (_, splits) => splits.map((at) => format.calendarDay(new Date(at * 1_000).toISOString().slice(0, 10))) },
      { ...axis, size: 64, incrs: STEPS, values: (_, splits) => splits.map((value) => (series.value === "stream_bytes" ? format.bytes(value) : format.compact(value))) },
    ],
    series: [{}, ...drawn],
  };
}
