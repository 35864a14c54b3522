/** Compares what a capture cost the server with the cost of a handwritten dump. */
import colors from 'picocolors';
import { LIMIT_BYTES, type Run } from './server.js';
import { count, duration, size } from '../figures.js';
import { sideBySide, type Row } from '../tables.js';

export function comparison(image: Run, inline: Run): string {
  const runs = [image, inline];
  const row = (label: string, cell: (run: Run) => string): Row => [label, ...runs.map(cell)];
  const pause = ({ cost: { outcome, longestPauseMs } }: Run): string =>
    verdict(longestPauseMs < 100, `${outcome === 'written' ? '' : 'over '}${duration(longestPauseMs)}`);
  const share = (failures: number, all: number): string => verdict(failures === 0, `${failures} of ${all}`);
  return sideBySide(
    ['What it cost the server', 'image capture', 'writeHeapSnapshot'],
    [
      row('Longest event-loop pause', pause),
      row('  before the capture', ({ ownPauseMs }) => duration(ownPauseMs)),
      row('Time in the server', ({ cost }) => duration(timeInServerMs(cost))),
      row('Requests served', ({ cost }) => count(cost.load.served)),
      row('Requests failed', ({ cost }) => verdict(cost.load.failed === 0, count(cost.load.failed))),
      row('Readiness probes failed', ({ cost }) => share(cost.probes.failures, cost.probes.probes)),
      ...(image.limited ? memoryRows(row) : [row('Extra memory (whole machine)', extraMemory)]),
    ],
  );
}

function memoryRows(row: (label: string, cell: (run: Run) => string) => Row): Row[] {
  return [
    row('Extra memory', extraMemory),
    row('Memory at its peak', ({ cost }) => size(cost.peak)),
    row('Inside its limit of 1 GiB', ({ cost: { outcome, peak } }) => {
      if (outcome === 'killed') return verdict(false, 'no: killed');
      if (outcome === 'cut off' && peak < LIMIT_BYTES) return 'stopped before its peak';
      return peak < LIMIT_BYTES ? verdict(true, 'yes') : verdict(false, 'no: would be killed');
    }),
  ];
}

function extraMemory({ cost }: Run): string {
  return size(cost.extra.workingSet);
}

function timeInServerMs({ line, windowMs }: Run['cost']): number {
  return Number(line?.['captureMs'] ?? line?.['totalMs'] ?? windowMs);
}

function verdict(good: boolean, text: string): string {
  return good ? colors.green(text) : colors.red(text);
}
