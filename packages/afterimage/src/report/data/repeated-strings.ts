/** Duplicate strings, and what they waste. */
import type { Snapshot } from '@afterimage/snapshot';

export interface RepeatedString {
  /** At most {@link VALUE_CHARS} characters. */
  value: string;
  /** Whether that is only its beginning. */
  truncated: boolean;
  count: number;
  shallowBytes: number;
  /** What a single copy would save. */
  wastedBytes: number;
}

const VALUE_CHARS = 200;

/** The most wasteful first. */
export function repeatedStrings(snapshot: Snapshot, most?: number): RepeatedString[] {
  return snapshot
    .duplicateStrings()
    .map(({ value, truncated, count, shallowBytes, retainedBytes }) => ({
      value: value.slice(0, VALUE_CHARS),
      truncated: truncated || value.length > VALUE_CHARS,
      count,
      shallowBytes,
      wastedBytes: Math.round((retainedBytes / count) * (count - 1)),
    }))
    .sort((a, b) => b.wastedBytes - a.wastedBytes)
    .slice(0, most);
}
