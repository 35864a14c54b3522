/** The figures as a Markdown table, ready for the README. */
import type { Goal } from './goals.js';
import type { Measurement } from './measurement.js';
import { count, duration, size } from '../figures.js';

/** The ways at one heap size. */
export interface Comparison {
  sizeMb: number;
  image: Measurement;
  /** With all of Node.js's program in it. */
  whole: Measurement;
  inline: Measurement;
  goals: Goal[];
}

const NAMES = { image: '**image**', whole: 'image with all of Node.js', inline: '`v8.writeHeapSnapshot`' };

const HEAD = [
  'heap',
  'way',
  'longest pause',
  'time in the target',
  'extra memory',
  'CPU',
  'requests served',
  'failed',
  'file',
];

/** @param machine processor, memory and versions, as a phrase */
export function captureMarkdown(comparisons: Comparison[], machine: string): string {
  const rows = comparisons.flatMap(({ sizeMb, image, whole, inline }) => [
    row(sizeMb, inline),
    row(sizeMb, whole),
    row(sizeMb, image),
  ]);
  const developed = comparisons.flatMap(({ sizeMb, image: { development } }) =>
    development
      ? [
          `${sizeMb} MB: ${duration(development.ms)}, ${size(development.peakBytes)} of memory, ${size(development.snapshotBytes)} of snapshot`,
        ]
      : [],
  );
  return [
    line(HEAD),
    line(HEAD.map(() => '---')),
    ...rows.map(line),
    '',
    `Developing the images afterwards, elsewhere, took: ${developed.join('; ')}.`,
    '',
    `Measured on ${new Date().toISOString().slice(0, 10)}: ${machine}. \`npm run bench:capture\``,
    '',
  ].join('\n');
}

function row(sizeMb: number, measurement: Measurement): string[] {
  const { way, outcome, longestPauseMs, timeInTargetMs, extra, cpuSeconds, load, fileBytes } = measurement;
  const lost = outcome === 'written' ? '' : ` (${outcome})`;
  return [
    `${sizeMb} MB`,
    NAMES[way],
    `${duration(longestPauseMs)}${lost}`,
    duration(timeInTargetMs),
    size(extra.workingSet),
    cpuSeconds === undefined ? '–' : duration(cpuSeconds * 1000),
    count(load.served),
    count(load.failed),
    fileBytes === undefined ? '–' : size(fileBytes),
  ];
}

function line(cells: string[]): string {
  return `| ${cells.join(' | ')} |`;
}
