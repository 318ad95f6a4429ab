// What a drawing of usage shows, and whether the plan's limit has a place in it.

import type { Series } from "../../usage/meters";
import type { Lines } from "../../usage/series";

/** A limit that is further away would press the line flat. */
const FURTHEST_LIMIT = 4;

/** What is drawn, and how. */
export interface ChartProps {
  lines: Lines;
  series: Series;
  mode: "summed" | "each";
  limit: number | undefined;
}

/** Whether the limit can be drawn beside what was used. */
export function limitFits({ lines, mode, limit }: ChartProps): boolean {
  const most = Math.max(...lines.summed.map((value) => value ?? 0), ...lines.forecast.map((value) => value ?? 0));
  return mode === "summed" && limit !== undefined && most > 0 && limit <= most * FURTHEST_LIMIT;
}
