/** Figures as people read them: three digits and a unit. */

export function duration(ms: number): string {
  if (ms < 1_000) return `${digits(ms)} ms`;
  if (ms < 120_000) return `${digits(ms / 1_000)} s`;
  return `${digits(ms / 60_000)} min`;
}

/** Decimal units, as `ls --si` and DevTools use them. */
export function size(bytes: number): string {
  const magnitude = Math.abs(bytes);
  if (magnitude < 1e6) return `${digits(bytes / 1e3)} kB`;
  if (magnitude < 1e9) return `${digits(bytes / 1e6)} MB`;
  return `${digits(bytes / 1e9)} GB`;
}

export function count(number: number): string {
  return number.toLocaleString('en');
}

function digits(value: number): string {
  const magnitude = Math.abs(value);
  return value.toFixed(magnitude >= 99.95 || magnitude === 0 ? 0 : magnitude >= 9.995 ? 1 : 2);
}
