/** Formats figures for messages and for log lines. */

const UNITS: [size: number, unit: string][] = [
  [1e9, 'GB'],
  [1e6, 'MB'],
  [1e3, 'kB'],
];

/** Formats bytes in decimal units, with one digit after the point below 100: `1234567` becomes `1.2 MB`. */
export function formatBytes(bytes: number): string {
  for (const [size, unit] of UNITS) {
    if (Math.abs(bytes) < size) continue;
    const value = bytes / size;
    return `${value.toFixed(Math.abs(value) < 100 ? 1 : 0)} ${unit}`;
  }
  return `${String(Math.round(bytes))} bytes`;
}

/** Formats milliseconds: `1234` becomes `1.2 s`, `12.34` becomes `12 ms`. */
export function formatMs(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(0)} s`;
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}

/** Rounds milliseconds to a tenth; more digits are noise in a log line. */
export function roundMs(ms: number): number {
  return Math.round(ms * 10) / 10;
}

/** Formats a share as a percentage: 0.9712 becomes `97 %`, 0.0312 becomes `3.1 %`. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 0.1) return '< 0.1 %';
  return `${percent.toFixed(percent < 10 && percent > 0 ? 1 : 0)} %`;
}
