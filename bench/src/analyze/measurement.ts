/** All readers on one file: several rounds, each in another order, and the middle figures. */
import type { SnapshotFile } from './files.js';
import { readers, type Reader, type ReaderName } from './readers.js';
import { run, type Figures, type Run } from './run.js';

export interface Measurement {
  file: SnapshotFile;
  /** Of each reader that was run. */
  results: Map<ReaderName, Run>;
}

const ROUNDS = 3;
/** What takes longer than this is run once. */
const LONG_MS = 20_000;
/** From here on, only the readers that are made for it. */
const HUGE_MB = 2_000;

/** @throws when interrupted */
export async function measure(node: string, file: SnapshotFile): Promise<Measurement> {
  const taking = readers.filter(({ runsHuge }) => runsHuge || file.sizeMb < HUGE_MB);
  const runs = new Map<ReaderName, Run[]>(taking.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const reader of [...taking.slice(round), ...taking.slice(0, round)]) {
      const before = runs.get(reader.name) ?? [];
      if (isWorthRepeating(before)) before.push(await runReader(node, reader, file));
    }
  }
  return { file, results: new Map([...runs].map(([name, of]) => [name, middle(of)])) };
}

function isWorthRepeating(before: Run[]): boolean {
  return before.every((run) => !('failure' in run) && run.wallMs < LONG_MS);
}

async function runReader(node: string, reader: Reader, { path }: SnapshotFile): Promise<Run> {
  return run(node, reader.command(path));
}

/** The median of each figure; a failure where there was one. */
function middle(runs: Run[]): Run {
  const figures: Figures[] = [];
  for (const run of runs) {
    if ('failure' in run) return run;
    figures.push(run);
  }
  const median = (of: (figures: Figures) => number): number =>
    figures.map(of).sort((one, other) => one - other)[figures.length >> 1] ?? NaN;
  return {
    wallMs: median(({ wallMs }) => wallMs),
    cpuMs: median(({ cpuMs }) => cpuMs),
    peakBytes: median(({ peakBytes }) => peakBytes),
  };
}
