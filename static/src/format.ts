// Times, sizes and durations as people read them, in their own language where the browser knows it.

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const clockSeconds = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const dayThisYear = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const dayOtherYear = new Intl.DateTimeFormat(undefined, { dateStyle: "long" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });
const whole = new Intl.NumberFormat();
const dateOnly = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const shortDay = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const utcDay = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", timeZone: "UTC" });
const dollars = new Intl.NumberFormat(undefined, { style: "currency", currency: "USD" });
const percentage = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 0 });
const rough = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });

export const time = (at: string): string => clock.format(new Date(at));
export const timeSeconds = (at: string): string => clockSeconds.format(new Date(at));
export const dateTime = (at: string): string => full.format(new Date(at));
export const count = (value: number): string => whole.format(value);

export const date = (at: string): string => dateOnly.format(new Date(at));
/** `1 Dec, 01:00`: when something begins anew, here. */
export const moment = (at: string): string => shortDay.format(new Date(at));
/** The time alone when it is on the same day. */
export const until = (at: number, now = Date.now()): string => (new Date(at).toDateString() === new Date(now).toDateString() ? clock : shortDay).format(at);
/** A day of the calendar in UTC, as usage is counted. */
export const calendarDay = (day: string): string => utcDay.format(new Date(`${day}T00:00:00Z`));
export const cents = (amount: number): string => dollars.format(amount / 100);
export const percent = (share: number): string => percentage.format(share);
/** `1.2K`, for the marks of an axis. */
export const compact = (value: number): string => rough.format(value);

/** A key that is the same for times on the same day, here. */
export const dayKey = (at: string): string => new Date(at).toDateString();

export function day(at: string, now = new Date()): string {
  const date = new Date(at);
  const days = Math.round((startOfDay(date) - startOfDay(now)) / 86_400_000);
  if (days === 0 || days === -1) {
    const word = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(days, "day");
    return word.charAt(0).toUpperCase() + word.slice(1);
  }
  return (date.getFullYear() === now.getFullYear() ? dayThisYear : dayOtherYear).format(date);
}

function startOfDay(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/** `5 min. ago`; the date when it is longer ago than a week. */
export function ago(at: string, now = Date.now()): string {
  const seconds = (Date.parse(at) - now) / 1000;
  if (seconds > -45) return "now";
  if (seconds > -3_600) return relative.format(Math.round(seconds / 60), "minute");
  if (seconds > -86_400) return relative.format(Math.round(seconds / 3_600), "hour");
  if (seconds > -7 * 86_400) return relative.format(Math.round(seconds / 86_400), "day");
  return new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" }).format(new Date(at));
}

/** `340 ms`, `8.1 s`, `1m 12s`, `2h 05m`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = ms / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${String(Math.floor(seconds % 60)).padStart(2, "0")}s`;
  return `${Math.floor(minutes / 60)}h ${String(minutes % 60).padStart(2, "0")}m`;
}

/** `512 B`, `1.4 KB`, `12 MB`; thousands, as disks count. */
export function bytes(size: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let value = size, unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

export const plural = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`;

/** The hub's words as a sentence of their own. */
export const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;

/** Controls that turn, hide or reorder text; joiners only behind plain letters, where no script needs them. */
const HIDDEN = /[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]|(?<=[\x00-\x7f])[\u200c\u200d]/g;

/** Text with what cannot be seen made visible, so that a name or a line of code is what it seems to be. */
export const visible = (text: string): string =>
  text.replace(HIDDEN, (char) => `‹U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}›`);
