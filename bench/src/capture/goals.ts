/** What image capture promises, checked on figures. */
import type { Measurement } from './measurement.js';
import { count, duration, size } from '../figures.js';

export interface Goal {
  /** The promise and the figure it was judged by. */
  text: string;
  met: boolean;
}

/** The promises are made for heaps from this size; under it there is little to gain. */
const FROM_MB = 200;
const PAUSE_RATIO = 200;
const PAUSE_MS = 100;
const EXTRA_SHARE = 0.1;
const EXTRA_BYTES = 30e6;
/** At the smallest of these sizes. */
const MAX_LEAN_SHARE = 0.6;

export function checkGoals(
  sizeMb: number,
  image: Measurement,
  inline: Measurement,
  whole: Measurement,
): Goal[] {
  if (sizeMb < FROM_MB) return [];
  const ratio = Math.round(inline.longestPauseMs / image.longestPauseMs);
  const room = EXTRA_SHARE * image.heapBytes + EXTRA_BYTES;
  const extra = image.extra.workingSet;
  const { failed } = image.load;
  const fewerBytes = (image.fileBytes ?? Infinity) / (whole.fileBytes ?? 1);
  return [
    {
      text: `file at most ${MAX_LEAN_SHARE} of that with all of Node.js: ${fewerBytes.toFixed(2)}`,
      met: sizeMb > FROM_MB || fewerBytes <= MAX_LEAN_SHARE,
    },
    {
      text: `pause at least ${PAUSE_RATIO} times shorter than inline: ${count(ratio)} times`,
      met: ratio >= PAUSE_RATIO,
    },
    {
      text: `pause under ${duration(PAUSE_MS)}: ${duration(image.longestPauseMs)}`,
      met: image.longestPauseMs < PAUSE_MS,
    },
    {
      text: `extra memory under 10 % of the heap and 30 MB, ${size(room)}: ${size(extra)}`,
      met: extra < room,
    },
    { text: `no failed request: ${count(failed)}`, met: failed === 0 && image.outcome === 'written' },
  ];
}
