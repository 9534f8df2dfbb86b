// Numbers and times as people read them.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const some = new Intl.NumberFormat("en", { maximumSignificantDigits: 2 });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const minute = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

export const none = "–";

/** A count: 12,345. */
export const count = (n: number | null | undefined) => (n == null ? none : whole.format(n));
/** A count where room is short: 12.3K. */
export const brief = (n: number | null | undefined) => (n == null ? none : Math.abs(n) < 10_000 ? whole.format(n) : short.format(n));
/** A share of 1: 13.7 %. */
export function percent(share: number | null | undefined): string {
  if (share == null) return none;
  const value = share * 100;
  return `${Math.abs(value) < 9.95 && value !== 0 ? value.toFixed(1) : value.toFixed(0)} %`;
}
/** A change as a share of before, with its sign. */
export const change = (share: number) => `${share > 0 ? "+" : share < 0 ? "−" : "±"}${percent(Math.abs(share))}`;
/** A rate a second. */
export const rate = (n: number | null | undefined) => (n == null ? none : n >= 10 || n === 0 ? brief(n) : some.format(n));

/** Seconds as a span: 0.6 s, 4 min, 3 h, 12 d. */
export function span(seconds: number | null | undefined): string {
  if (seconds == null) return none;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} d`;
}

/** The time of the day of an RFC 3339 time, here. */
export const time = (at: string) => clock.format(new Date(at));
export const date = (at: string) => day.format(new Date(at));
export const moment = (at: string) => minute.format(new Date(at));

/** How long ago: 12 s ago. */
export function ago(at: string, now = Date.now()): string {
  const seconds = Math.max(0, (now - Date.parse(at)) / 1000);
  return seconds < 5 ? "just now" : `${span(seconds)} ago`;
}

/** A word with a capital at its beginning. */
export const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);
/** Identifiers as words: invalid_id, invalid id. */
export const words = (name: string) => name.replaceAll("_", " ");
