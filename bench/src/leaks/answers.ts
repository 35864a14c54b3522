/** The answers on one program's snapshots, ours and memlab's, and whether they name the culprit. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { output } from './child.js';
import type { Capture } from './gallery.js';

/** The part of the output of `afterimage diff --json` that is judged. */
interface Diff {
  /** From 0 to 1. */
  explainedShare: number;
  suspects: Suspect[];
}

interface Suspect {
  pathText: string;
  summary: string;
  rank: number;
  kind: string;
  counts: number[];
  bytes: number;
  holder: { id: number; instances: number[]; entries: number[] };
  locations: { function?: string | null; script?: string | null }[];
  /** Of a cache that still fills: it is shown, and not called a leak. */
  limit?: object | null;
}

export interface Answer {
  /** One text for each suspect, in their order: what the operator reads. */
  suspects: string[];
  /** Where the first suspect that names the culprit stands, from 1 on; 0 where none does. */
  rank: number;
  /** Of the growth, what the suspects explain, from 0 to 1; ours alone says it. */
  explainedShare?: number;
  /** For each suspect, what redaction never removes: rank, kind, counts, bytes and the holder's position. */
  figures?: string[];
}

/** An answer, or how it failed. */
export type Outcome = Answer | { failure: string };

export interface Answers {
  three: Outcome;
  two: Outcome;
  /** From the same snapshots, redacted one by one at the default level. */
  redactedThree?: Outcome;
  redactedTwo?: Outcome;
  /** From the last snapshot alone; only healthy programs are asked for it. */
  one?: Outcome;
  memlab?: Outcome;
}

/** What is asked besides. */
export interface Besides {
  memlab: boolean;
  redacted: boolean;
}

const COMMAND = fileURLToPath(new URL('../../../packages/afterimage/bin/afterimage.js', import.meta.url));
const MEMLAB = fileURLToPath(new URL('../../leaks/memlab.cjs', import.meta.url));
const DIFF_LIMIT_MS = 120_000;
const MEMLAB_LIMIT_MS = 120_000;

/** From three snapshots and from the first and last of them; memlab always looks at three. */
export async function ask(
  { expected: { culprit, healthy }, snapshots }: Capture,
  besides: Besides,
): Promise<Answers> {
  const [first, , last] = snapshots;
  const answers: Answers = {
    three: await outcome(diff(snapshots, culprit)),
    two: await outcome(diff([first, last], culprit)),
  };
  if (healthy) answers.one = await outcome(analysis(last));
  if (besides.redacted) Object.assign(answers, await askRedacted(snapshots, culprit));
  if (besides.memlab) answers.memlab = await outcome(memlab(snapshots, culprit));
  return answers;
}

async function askRedacted(
  snapshots: Capture['snapshots'],
  culprit: string | null,
): Promise<Pick<Answers, 'redactedThree' | 'redactedTwo'>> {
  const directory = await mkdtemp(join(tmpdir(), 'afterimage-redacted-'));
  try {
    const redacted = snapshots.map((path) => join(directory, basename(path)));
    for (const [at, path] of snapshots.entries()) {
      await output(process.execPath, [COMMAND, 'redact', path, redacted[at] ?? ''], DIFF_LIMIT_MS);
    }
    return {
      redactedThree: await outcome(diff(redacted, culprit)),
      redactedTwo: await outcome(diff([redacted[0] ?? '', redacted[2] ?? ''], culprit)),
    };
  } catch (error) {
    const failure = { failure: (error as Error).message };
    return { redactedThree: failure, redactedTwo: failure };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
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
  const { explainedShare, suspects: all } = JSON.parse(text) as Diff;
  const suspects = all.filter(({ limit }) => !limit);
  const names = ({ pathText, locations }: Suspect): boolean =>
    culprit !== null &&
    [pathText, ...locations.flatMap(({ function: name, script }) => [name ?? '', script ?? ''])].some(
      (words) => words.includes(culprit),
    );
  return {
    suspects: suspects.map(({ pathText, summary }) => `${pathText}: ${summary}`),
    rank: suspects.findIndex(names) + 1,
    explainedShare,
    figures: suspects.map(({ rank, kind, counts, bytes, holder: { id, instances, entries } }) =>
      [rank, kind, counts.join('/'), bytes, `@${id}`, instances.join('/'), entries.join('/')].join(' '),
    ),
  };
}

async function analysis(snapshot: string): Promise<Answer> {
  const text = await output(process.execPath, [COMMAND, 'analyze', '--json', snapshot], DIFF_LIMIT_MS);
  const { suspects } = JSON.parse(text) as Pick<Diff, 'suspects'>;
  return { suspects: suspects.map(({ pathText, summary }) => `${pathText}: ${summary}`), rank: 0 };
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

/** Whether redaction changed nothing but names; undefined where it was not asked. */
export function isSame(original: Outcome, redacted: Outcome | undefined): boolean | undefined {
  if (redacted === undefined) return undefined;
  const figuresOf = (outcome: Outcome): string[] | undefined =>
    'failure' in outcome ? undefined : outcome.figures;
  const figures = figuresOf(original);
  return figures !== undefined && figures.join('\n') === figuresOf(redacted)?.join('\n');
}
