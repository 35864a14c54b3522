/** What the reader promises, checked on figures. */
import type { Measurement } from './measurement.js';
import { readers, type ReaderName } from './readers.js';
import type { Figures } from './run.js';
import { duration, size } from '../figures.js';

export interface Goal {
  /** The promise and the figures it was judged by. */
  text: string;
  met: boolean;
}

const HUGE_BYTES = 4e9;

export function checkGoals({ file: { sizeMb }, results }: Measurement): Goal[] {
  const figuresOf = (name: ReaderName): Figures | undefined => {
    const result = results.get(name);
    return result === undefined || 'failure' in result ? undefined : result;
  };
  const ours = figuresOf('Afterimage');
  if (!ours) return [{ text: 'reads the file', met: false }];
  if (sizeMb === 717) return besideDevTools(ours, figuresOf('DevTools'));
  if (sizeMb === 150) {
    const peers = readers.filter(({ isPeer }) => isPeer).flatMap(({ name }) => figuresOf(name) ?? []);
    return besideTheFastest(ours, Math.min(...peers.map(({ wallMs }) => wallMs)));
  }
  if (sizeMb === 2500) {
    return [
      {
        text: `peak memory under ${size(HUGE_BYTES)}: ${size(ours.peakBytes)}`,
        met: ours.peakBytes < HUGE_BYTES,
      },
    ];
  }
  return [];
}

function besideDevTools(ours: Figures, devTools: Figures | undefined): Goal[] {
  if (!devTools) return [{ text: 'DevTools reads the file, to be compared with', met: false }];
  return [
    {
      text: `at most 1/5 of DevTools' time: ${duration(ours.wallMs)} of ${duration(devTools.wallMs)}, ${part(ours.wallMs, devTools.wallMs)}`,
      met: ours.wallMs <= devTools.wallMs / 5,
    },
    {
      text: `at most 1/3 of DevTools' memory: ${size(ours.peakBytes)} of ${size(devTools.peakBytes)}, ${part(ours.peakBytes, devTools.peakBytes)}`,
      met: ours.peakBytes <= devTools.peakBytes / 3,
    },
  ];
}

function besideTheFastest(ours: Figures, fastestMs: number): Goal[] {
  return [
    {
      text: `at most 1/3 of the fastest peer's time: ${duration(ours.wallMs)} of ${duration(fastestMs)}, ${part(ours.wallMs, fastestMs)}`,
      met: ours.wallMs <= fastestMs / 3,
    },
  ];
}

function part(ours: number, theirs: number): string {
  return `1/${(theirs / ours).toFixed(1)}`;
}
