/** Formats counts, bytes and shares. */
import { formatBytes } from '@afterimage/host/format';

/** `1234567` becomes `1,234,567`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en');
}

/** `12 classes`, `1 class`. */
export function formatNumberOf(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** A change with its sign: `+1,234`, `−5`, `0`. */
export function formatChange(count: number): string {
  return signed(count, formatCount);
}

/** `+41.0 MB`. */
export function formatBytesChange(bytes: number): string {
  return signed(bytes, formatBytes);
}

function signed(value: number, format: (value: number) => string): string {
  const sign = value > 0 ? '+' : value < 0 ? '−' : '';
  return sign + format(Math.abs(value));
}

const SPANS: [seconds: number, unit: string][] = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
  [1, 's'],
];

/** A duration in its two largest units: `3 d 4 h`, `12 min 5 s`. */
export function formatSpan(ms: number): string {
  let rest = Math.max(0, Math.floor(ms / 1000));
  const parts = SPANS.map(([seconds, unit]) => {
    const count = Math.floor(rest / seconds);
    rest -= count * seconds;
    return { count, unit };
  });
  const first = parts.findIndex(({ count }) => count > 0);
  if (first === -1) return '0 s';
  const shown = parts.slice(first, first + 2).filter(({ count }) => count > 0);
  return shown.map(({ count, unit }) => `${count} ${unit}`).join(' ');
}
