/**
 * Whether ids last: how many of the ids that two images of a process share are those of one object (precision), and how
 * many of the objects that are in both have the same id (recall).
 *   npm run bench:ids -- [SCENARIO …] --node=24
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { nodeOf } from './heap-image.js';
import { serialsInHeap, type SerialsInHeap } from './serials-in-heap.js';

const SCENARIOS = [
  ...['append', 'append, old', 'no collection', 'cache', 'cache, all', 'ring', 'ring, all', 'compaction'],
];
const NODES = [20, 22, 24, 26];
const MIN_PRECISION = 0.999;
const PROGRAM = fileURLToPath(new URL('./programs/serials.js', import.meta.url));

interface Measured {
  kind: string;
  /** Objects that are in both images. */
  both: number;
  right: number;
  wrong: number;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { node: { type: 'string', multiple: true }, keep: { type: 'string' } },
  });
  const scenarios = positionals.length > 0 ? positionals : SCENARIOS;
  const directory = values.keep ?? (await mkdtemp(path.join(tmpdir(), 'afterimage-ids-')));
  try {
    for (const major of values.node?.map(Number) ?? NODES) {
      const all: Measured = { kind: 'all', both: 0, right: 0, wrong: 0 };
      for (const scenario of scenarios) add(all, await measure(scenario, major, directory));
      const precision = all.right / (all.right + all.wrong);
      console.log(
        `Node ${major}: precision ${percent(precision)} (goal ${percent(MIN_PRECISION)}), ${all.wrong} wrong`,
      );
      if (precision < MIN_PRECISION) process.exitCode = 1;
    }
  } finally {
    if (values.keep === undefined) await rm(directory, { recursive: true });
  }
}

function add(sum: Measured, { both, right, wrong }: Measured): void {
  sum.both += both;
  sum.right += right;
  sum.wrong += wrong;
}

async function measure(scenario: string, major: number, directory: string): Promise<Measured> {
  const image = (name: string): string => path.join(directory, `${name}.image`);
  await promisify(execFile)(nodeOf(major), [
    '--expose-gc',
    PROGRAM,
    scenario,
    image('before'),
    image('after'),
  ]);
  const [before, after] = [serialsInHeap(image('before')), serialsInHeap(image('after'))];
  const kinds = [...before.kinds.keys()].map((kind) => compared(kind, before, after));
  const all: Measured = { kind: 'all', both: 0, right: 0, wrong: 0 };
  for (const kind of kinds) add(all, kind);
  console.log(
    `${scenario}, Node ${major}: of all objects of the heap, ${percent(sharedPart(before, after))} share an id`,
  );
  for (const { kind, both, right, wrong } of [...kinds, all])
    console.log(
      `  ${kind.padEnd(18)} ${String(both).padStart(6)} in both, recall ${percent(right / both)}, precision ${percent(right / (right + wrong))}${wrong > 0 ? ` (${wrong} wrong)` : ''}`,
    );
  return all;
}

function compared(kind: string, before: SerialsInHeap, after: SerialsInHeap): Measured {
  const [one, other] = [
    before.kinds.get(kind) ?? new Map<number, number>(),
    after.kinds.get(kind) ?? new Map<number, number>(),
  ];
  const serialOf = new Map([...other].map(([serial, id]) => [id, serial]));
  const measured = { kind, both: 0, right: 0, wrong: 0 };
  for (const [serial, id] of one) {
    if (other.has(serial)) measured.both++;
    const found = serialOf.get(id);
    if (found === serial) measured.right++;
    else if (found !== undefined) measured.wrong++;
  }
  return measured;
}

function sharedPart({ ids: before }: SerialsInHeap, { ids: after }: SerialsInHeap): number {
  const known = new Set(before);
  return after.reduce((count, id) => count + (known.has(id) ? 1 : 0), 0) / before.length;
}

function percent(part: number): string {
  return Number.isNaN(part) ? '  –     ' : `${(100 * part).toFixed(2)} %`;
}

await main();
