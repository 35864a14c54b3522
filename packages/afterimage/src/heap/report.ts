/** All that is told of a process's heap: by itself, and by a sample of its memory. */
import { checkAgain, type NodeProcess } from '../processes/candidate.js';
import { majorOf, nodeFilesOf } from '../processes/node-version.js';
import { whileRunning } from '../processes/while-running.js';
import type { InspectorJob } from '../attach/borrowed-inspector.js';
import type { LeftOpen } from '../attach/left-open.js';
import {
  NoSampleError,
  sampleClasses,
  type ClassSample,
  type OldGeneration,
} from '@afterimage/v8-heap/class-sample';
import { readHeapFigures, type HeapFigures } from './figures.js';

export interface HeapReport {
  pid: number;
  figures: HeapFigures;
  /** Null where they cannot be told. */
  classes: ClassSample | null;
  /** Why, on one line. */
  noClasses: string | null;
  /** The inspector, where it is open still. */
  left: LeftOpen | null;
}

/** @throws {CommandError}, or the signal's reason */
export async function heapReport(
  target: NodeProcess,
  job: Omit<InspectorJob, 'target' | 'commandLine'>,
): Promise<HeapReport> {
  const { status, commandLine, nodeVersion } = target;
  const { pid } = status;
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
  try {
    const classes = await sampleClasses(pid, await nodeFilesOf(pid), oldGeneration(figures));
    return { pid, figures, classes, noClasses: null, left };
  } catch (error) {
    if (!(error instanceof NoSampleError)) throw error;
    const noClasses = `The biggest classes cannot be told for this Node ${majorOf(nodeVersion)}: ${error.message}.`;
    return { pid, figures, classes: null, noClasses, left };
  }
}

function oldGeneration({ spaces }: HeapFigures): OldGeneration {
  const old = spaces.filter(({ name }) => !name.startsWith('new_') && name !== 'read_only_space');
  return {
    used: old.reduce((sum, { usedBytes }) => sum + usedBytes, 0),
    committed: old.reduce((sum, { committedBytes }) => sum + committedBytes, 0),
  };
}
