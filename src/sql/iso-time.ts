const DAY_MS = 86_400_000;
const TWO = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'));
const THREE = Array.from({ length: 1000 }, (_, number) => String(number).padStart(3, '0'));

let knownDay = Number.NaN;
let date = '';

/** `2026-11-05T09:30:00.000Z`, as `Date.toISOString` says it, for millions of them that lie in few days. */
export function toIsoTime(ms: number): string {
  const day = Math.floor(ms / DAY_MS);
  if (day !== knownDay) {
    date = new Date(day * DAY_MS).toISOString().slice(0, -13);
    knownDay = day;
  }
  const rest = ms - day * DAY_MS;
  const seconds = Math.floor(rest / 1000);
  const minutes = Math.floor(seconds / 60);
  return `${date}${TWO[Math.floor(minutes / 60)]}:${TWO[minutes % 60]}:${TWO[seconds % 60]}.${THREE[rest % 1000]}Z`;
}
