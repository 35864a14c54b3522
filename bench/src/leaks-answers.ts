/** The answers on one program's snapshots, ours and memlab's, and whether they name the culprit. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { output } from './leaks-child.js';
import type { Capture } from './leaks-gallery.js';

/** What `afterimage diff --json` prints, as far as it is judged. */
interface Diff {
  /** From 0 to 1. */
  explainedShare: number;
  suspects: Suspect[];
}

interface Suspect {
  pathText: string;
  summary: string;
  locations: { function?: string | null; script?: string | null }[];
}

export interface Answer {
  /** One text for each suspect, in their order: what the operator reads. */
  suspects: string[];
  /** Where the first suspect that names the culprit stands, from 1 on; 0 where none does. */
  rank: number;
  /** Of the growth, what the suspects explain, from 0 to 1; ours alone says it. */
  explainedShare?: number;
}

/** An answer, or how it failed. */
export type Outcome = Answer | { failure: string };

export interface Answers {
  three: Outcome;
  two: Outcome;
  memlab?: Outcome;
}

const COMMAND = fileURLToPath(new URL('../../packages/afterimage/bin/afterimage.js', import.meta.url));
const MEMLAB = fileURLToPath(new URL('../leaks/memlab.cjs', import.meta.url));
const DIFF_LIMIT_MS = 120_000;
const MEMLAB_LIMIT_MS = 120_000;

/** From three snapshots and from the first and last of them; memlab always looks at three. */
export async function ask({ expected, snapshots }: Capture, withMemlab: boolean): Promise<Answers> {
  const [first, , last] = snapshots;
  const three = await outcome(diff(snapshots, expected.culprit));
  const two = await outcome(diff([first, last], expected.culprit));
  if (!withMemlab) return { three, two };
  return { three, two, memlab: await outcome(memlab(snapshots, expected.culprit)) };
}

async function outcome(answer: Promise<Answer>): Promise<Outcome> {
  try {
    return await answer;
  } catch (error) {
    return { failure: (error as Error).message };
  }
}

async function diff(snapshots: string[], culprit: string | null): Promise<Answer> {
  const text = await output(process.execPath, [COMMAND, 'diff', '--json', ...snapshots], DIFF_LIMIT_MS);
  const { explainedShare, suspects } = JSON.parse(text) as Diff;
  const names = ({ pathText, locations }: Suspect): boolean =>
    culprit !== null &&
    [pathText, ...locations.flatMap(({ function: name, script }) => [name ?? '', script ?? ''])].some(
      (words) => words.includes(culprit),
    );
  return {
    suspects: suspects.map(({ pathText, summary }) => `${pathText}: ${summary}`),
    rank: suspects.findIndex(names) + 1,
    explainedShare,
  };
}

async function memlab(snapshots: string[], culprit: string | null): Promise<Answer> {
  const scratch = await mkdtemp(join(tmpdir(), 'afterimage-memlab-'));
  try {
    const args = ['--max-old-space-size=4096', MEMLAB, scratch, ...snapshots];
    const text = await output(process.execPath, args, MEMLAB_LIMIT_MS);
    // It prints its own progress first.
    const traces = JSON.parse(text.trim().split('\n').at(-1) ?? '') as string[];
    const names = (trace: string): boolean => culprit !== null && trace.includes(culprit);
    return { suspects: traces, rank: traces.findIndex(names) + 1 };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Whether one of the first `places` suspects names the culprit. */
export function isRight(answer: Outcome | undefined, places: number): boolean {
  return answer !== undefined && 'rank' in answer && answer.rank > 0 && answer.rank <= places;
}
