// Usage by day as lines: every day of a stretch, its sum since the month began, and how the month would end.

const DAY_MS = 86_400_000;

export interface Lines {
  /** Days as `2026-11-24`, without a gap. */
  days: string[];
  /** By day; `null` in days to come. */
  each: (number | null)[];
  /** The sum since the month began; `null` in days to come. */
  summed: (number | null)[];
  /** From the last day on to the end of its month, when it goes on as it went; `null` before. */
  forecast: (number | null)[];
}

const at = (day: string): number => Date.parse(`${day}T00:00:00Z`);
export const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);
export const firstOfMonth = (day: string): string => `${day.slice(0, 7)}-01`;

/** The last day of a day's month. */
export function lastOfMonth(day: string): string {
  const date = new Date(at(day));
  return dayOf(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0));
}

export function firstOfLastMonth(day: string): string {
  return firstOfMonth(dayOf(at(firstOfMonth(day)) - DAY_MS));
}

export const daysBefore = (day: string, count: number): string => dayOf(at(day) - count * DAY_MS);

/**
 * Lines of what was used by day from `from` to `to`. Where `to` is today, `now` in milliseconds, the month goes
 * on to its end as a forecast.
 */
export function lines(values: ReadonlyMap<string, number>, from: string, to: string, now: number): Lines {
  const goesOn = to === dayOf(now);
  const end = goesOn ? lastOfMonth(to) : to;
  const result: Lines = { days: [], each: [], summed: [], forecast: [] };
  let sum = 0;
  for (let time = at(from); time <= at(end); time += DAY_MS) {
    const day = dayOf(time);
    const past = day <= to;
    if (day.endsWith("-01")) sum = 0;
    if (past) sum += values.get(day) ?? 0;
    result.days.push(day);
    result.each.push(past ? (values.get(day) ?? 0) : null);
    result.summed.push(past ? sum : null);
    result.forecast.push(null);
  }
  if (!goesOn || from > firstOfMonth(to)) return result;
  const today = result.days.indexOf(to);
  const rate = sum / Math.max(now - at(firstOfMonth(to)), 1);
  for (let i = today; i < result.days.length; i++) {
    // What a day's end will have; today's point is what is there now.
    result.forecast[i] = i === today ? sum : rate * (at(result.days[i] as string) + DAY_MS - at(firstOfMonth(to)));
  }
  return result;
}
