/**
 * What Node.js and V8 say of a process's memory, asked through its inspector in one expression; none of it is taken for
 * granted when it comes.
 */
import { setTimeout as pause } from 'node:timers/promises';
import {
  ANSWER_MS,
  answerTo,
  whileAttaching,
  withInspector,
  type InspectorJob,
} from '../attach/borrowed-inspector.js';
import { expressionOf, type ClosingOrders, type InTarget, type Late } from '../attach/in-target-closing.js';
import { openMeetingPoint } from '../attach/meeting-point.js';
import { CommandError } from '../command-error.js';

/** Sizes in bytes. */
export interface HeapFigures {
  nodeVersion: string;
  v8Version: string;
  uptimeMs: number;
  /** The share of its time that the event loop was busy, since it began. */
  eventLoopUtilization: number;
  rssBytes: number;
  heap: {
    usedBytes: number;
    committedBytes: number;
    limitBytes: number;
  };
  /** Outside of V8's heap, held by objects in it; array buffers are a part of it. */
  externalBytes: number;
  arrayBufferBytes: number;
  /** What V8 itself has got from malloc. */
  mallocedBytes: number;
  nativeContexts: number;
  /** Contexts that are gone but are still referred to: more than a few are a leak. */
  detachedContexts: number;
  spaces: HeapSpace[];
  /** What keeps the event loop alive: handles and requests, the most frequent first. */
  resources: Resource[];
}

export interface HeapSpace {
  name: string;
  usedBytes: number;
  committedBytes: number;
  /** What could be used without asking for more. */
  availableBytes: number;
}

export interface Resource {
  type: string;
  count: number;
}

/** Waits before the next try, in milliseconds, for a process that has only just been started. */
const WAITS = [100, 250, 500, 1_000];
const MOST_ROWS = 100;
const LONGEST_NAME = 100;

/** @throws {CommandError}, or the signal's reason */
export async function readHeapFigures(job: InspectorJob): Promise<HeapFigures> {
  const meeting = await openMeetingPoint();
  try {
    return await whileAttaching(job, (undertaker) =>
      withInspector(job, undertaker, meeting, async (session, closeInspector) => {
        for (const wait of [...WAITS, null]) {
          const expression = expressionOf(figuresHere, {
            control: meeting.control,
            deadline: Date.now() + ANSWER_MS,
            closeInspector,
          });
          const answer = await answerTo<unknown>(session, expression, job.signal);
          const { failure } = answer as Partial<Late | { failure: 'starting' }>;
          if (failure === undefined) return checked(answer, job.target.pid);
          if (wait !== null) await pause(wait, undefined, { signal: job.signal });
        }
        throw new CommandError(
          'refused',
          `process ${job.target.pid} has not run its first JavaScript yet: try again in a moment`,
        );
      }),
    );
  } finally {
    meeting.close();
  }
}

function figuresHere(_orders: ClosingOrders, { control, load }: InTarget): HeapFigures {
  const v8 = load('v8') as typeof import('node:v8');
  const { rss, external, arrayBuffers } = process.memoryUsage();
  const heap = v8.getHeapStatistics();
  const counts = new Map<string, number>();
  for (const type of process.getActiveResourcesInfo()) counts.set(type, (counts.get(type) ?? 0) + 1);
  // One of them is the connection that the frame of this function makes.
  if (control.connecting) counts.set('ConnectWrap', (counts.get('ConnectWrap') ?? 1) - 1);
  return {
    nodeVersion: process.versions.node,
    v8Version: process.versions.v8,
    uptimeMs: process.uptime() * 1000,
    eventLoopUtilization: performance.eventLoopUtilization().utilization,
    rssBytes: rss,
    heap: {
      usedBytes: heap.used_heap_size,
      committedBytes: heap.total_heap_size,
      limitBytes: heap.heap_size_limit,
    },
    externalBytes: external,
    arrayBufferBytes: arrayBuffers,
    mallocedBytes: heap.malloced_memory,
    nativeContexts: heap.number_of_native_contexts,
    detachedContexts: heap.number_of_detached_contexts,
    spaces: v8.getHeapSpaceStatistics().map((space) => ({
      name: space.space_name,
      usedBytes: space.space_used_size,
      committedBytes: space.space_size,
      availableBytes: space.space_available_size,
    })),
    resources: [...counts]
      .map(([type, count]) => ({ type, count }))
      .filter(({ count }) => count > 0)
      .sort((a, b) => b.count - a.count),
  };
}

/** What came, with nothing in it but what belongs there. */
function checked(answer: unknown, pid: number): HeapFigures {
  const wrong = (): CommandError =>
    new CommandError('failed', `process ${pid} answered something else than its memory's figures`);
  const record = (value: unknown): Record<string, unknown> => {
    if (typeof value !== 'object' || value === null) throw wrong();
    return value as Record<string, unknown>;
  };
  const figure = (value: unknown): number => {
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) throw wrong();
    return value;
  };
  const name = (value: unknown): string => {
    if (typeof value !== 'string') throw wrong();
    return value.slice(0, LONGEST_NAME);
  };
  const rows = <T>(value: unknown, row: (fields: Record<string, unknown>) => T): T[] => {
    if (!Array.isArray(value)) throw wrong();
    return value.slice(0, MOST_ROWS).map((each) => row(record(each)));
  };
  const all = record(answer);
  const heap = record(all['heap']);
  return {
    nodeVersion: name(all['nodeVersion']),
    v8Version: name(all['v8Version']),
    uptimeMs: figure(all['uptimeMs']),
    eventLoopUtilization: figure(all['eventLoopUtilization']),
    rssBytes: figure(all['rssBytes']),
    heap: {
      usedBytes: figure(heap['usedBytes']),
      committedBytes: figure(heap['committedBytes']),
      limitBytes: figure(heap['limitBytes']),
    },
    externalBytes: figure(all['externalBytes']),
    arrayBufferBytes: figure(all['arrayBufferBytes']),
    mallocedBytes: figure(all['mallocedBytes']),
    nativeContexts: figure(all['nativeContexts']),
    detachedContexts: figure(all['detachedContexts']),
    spaces: rows(all['spaces'], (space) => ({
      name: name(space['name']),
      usedBytes: figure(space['usedBytes']),
      committedBytes: figure(space['committedBytes']),
      availableBytes: figure(space['availableBytes']),
    })),
    resources: rows(all['resources'], ({ type, count }) => ({ type: name(type), count: figure(count) })),
  };
}
