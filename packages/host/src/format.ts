/** Figures as people read them in messages, and as log lines carry them. */

const UNITS: [size: number, unit: string][] = [
  [1e9, 'GB'],
  [1e6, 'MB'],
  [1e3, 'kB'],
];

/** `1234567` is `1.2 MB`; decimal units, one digit after the point below 100. */
export function formatBytes(bytes: number): string {
  for (const [size, unit] of UNITS) {
    if (Math.abs(bytes) < size) continue;
    const value = bytes / size;
    return `${value.toFixed(Math.abs(value) < 100 ? 1 : 0)} ${unit}`;
  }
  return `${String(Math.round(bytes))} bytes`;
}

/** `1234` is `1.2 s`, `12.34` is `12 ms`. */
export function formatMs(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(0)} s`;
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}

/** Milliseconds with a tenth's precision: more is noise in a log line. */
export function roundMs(ms: number): number {
  return Math.round(ms * 10) / 10;
}

/** 0.9712 is `97 %`, 0.0312 is `3.1 %`. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 0.1) return '< 0.1 %';
  return `${percent.toFixed(percent < 10 && percent > 0 ? 1 : 0)} %`;
}
