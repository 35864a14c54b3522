/** Everything that is said of a process's heap: by the process itself, and from a sample of its memory. */
import { attachableProcess, checkAgain, readCandidate, ShortageError } from '../processes/candidate.js';
import { majorOf, nodeFilesOf } from '../processes/node-version.js';
import { whileRunning } from '../processes/while-running.js';
import type { InspectorJob } from '../attach/borrowed-inspector.js';
import { describeIfOpen } from '../attach/left-open.js';
import {
  NoSampleError,
  sampleClasses,
  type ClassSample,
  type OldGeneration,
} from '@afterimage/v8-heap/class-sample';
import { processIsolates, type LiveIsolate } from '@afterimage/v8-heap/process-isolates';
import { CommandError } from '../cli/command-error.js';
import { readHeapFigures, type HeapFigures } from './figures.js';

export interface HeapReport {
  pid: number;
  nodeVersion: string;
  /** Resident memory, bytes. */
  rssBytes: number;
  /** The process's own figures; null if it has too little left to be asked. */
  figures: HeapFigures | null;
  /** Why `figures` is null, on one line. */
  noFigures: string | null;
  /** Null if no estimate is possible. */
  classes: ClassSample | null;
  /** Why `classes` is null, on one line. */
  noClasses: string | null;
  /** Each thread that runs JavaScript, the main thread first; null if they cannot be determined. */
  threads: LiveIsolate[] | null;
}

export type HeapJob = Omit<InspectorJob, 'target' | 'commandLine'>;

export interface HeapAnswer {
  report: HeapReport;
  /** A sentence about the inspector if it is still open. */
  leftOpen: string | null;
}

/**
 * Reads the heap of a process of this machine. A process near one of its limits is not asked anything: its memory is
 * read from outside.
 * @throws {CommandError}, or the signal's reason
 */
export async function heapReport(pid: number, job: HeapJob): Promise<HeapAnswer> {
  try {
    return await askedReport(pid, job);
  } catch (error) {
    if (!(error instanceof ShortageError)) throw error;
    return { report: await unaskedReport(pid, error), leftOpen: null };
  }
}

async function askedReport(pid: number, job: HeapJob): Promise<HeapAnswer> {
  const { status, commandLine, nodeVersion } = await attachableProcess(pid, job.signal, false);
  const { figures, left } = await whileRunning(pid, job.signal, 'this', (signal) =>
    readHeapFigures({
      ...job,
      target: status,
      commandLine,
      beforeSignal: () => checkAgain(pid, 'questions'),
      signal,
    }),
  );
  if (figures.nodeVersion === '') figures.nodeVersion = nodeVersion;
  const known = { pid, nodeVersion: figures.nodeVersion, rssBytes: figures.rssBytes };
  const sampled = await readFromOutside(pid, nodeVersion, oldGeneration(figures));
  return { report: { ...known, figures, noFigures: null, ...sampled }, leftOpen: await describeIfOpen(left) };
}

/** @throws {CommandError} `refused` if its memory cannot be read either */
async function unaskedReport(pid: number, shortage: ShortageError): Promise<HeapReport> {
  const { status, nodeVersion } = await readCandidate(pid);
  if (nodeVersion === null) throw shortage;
  const sampled = await readFromOutside(pid, nodeVersion, null);
  if (sampled.noClasses !== null)
    throw new CommandError('refused', `${shortage.reason} (nothing was sent to it). ${sampled.noClasses}`);
  return { pid, nodeVersion, rssBytes: status.rss, figures: null, noFigures: shortage.reason, ...sampled };
}

async function readFromOutside(
  pid: number,
  nodeVersion: string,
  old: OldGeneration | null,
): Promise<Pick<HeapReport, 'classes' | 'noClasses' | 'threads'>> {
  const sampled = await classesOf(pid, nodeVersion, old);
  return { ...sampled, threads: await processIsolates(pid, await nodeFilesOf(pid)) };
}

async function classesOf(
  pid: number,
  nodeVersion: string,
  old: OldGeneration | null,
): Promise<Pick<HeapReport, 'classes' | 'noClasses'>> {
  try {
    return { classes: await sampleClasses(pid, await nodeFilesOf(pid), old), noClasses: null };
  } catch (error) {
    if (!(error instanceof NoSampleError)) throw error;
    const noClasses = `The biggest classes cannot be determined for this Node ${majorOf(nodeVersion)}: ${error.message}.`;
    return { classes: null, noClasses };
  }
}

function oldGeneration({ spaces }: HeapFigures): OldGeneration {
  const old = spaces.filter(({ name }) => !name.startsWith('new_') && name !== 'read_only_space');
  return {
    used: old.reduce((sum, { usedBytes }) => sum + usedBytes, 0),
    committed: old.reduce((sum, { committedBytes }) => sum + committedBytes, 0),
  };
}
