/**
 * Reads Node.js's and V8's figures about a process's memory through its inspector, in one expression; the
 * reply is validated.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { whileAttaching, withInspector, type InspectorJob } from '../attach/borrowed-inspector.js';
import { framed, type FrameOrders, type InTarget, type Late } from '../attach/in-target-frame.js';
import type { LeftOpen } from '../attach/left-open.js';
import { openRendezvous } from '../attach/rendezvous.js';
import { CommandError } from '../cli/command-error.js';
import { foreignValues } from './foreign-values.js';

/** Figures; sizes in bytes. */
export interface HeapFigures {
  nodeVersion: string;
  v8Version: string;
  uptimeMs: number;
  /** Share of time that the event loop was busy, since it started. */
  eventLoopUtilization: number;
  rssBytes: number;
  heap: {
    usedBytes: number;
    committedBytes: number;
    limitBytes: number;
  };
  /** Memory outside V8's heap held by objects in it; includes array buffers. */
  externalBytes: number;
  arrayBufferBytes: number;
  /** Memory that V8 itself has allocated with malloc. */
  mallocedBytes: number;
  nativeContexts: number;
  /** Number of destroyed contexts that are still referenced: more than a few are a leak. */
  detachedContexts: number;
  spaces: HeapSpace[];
  /** What keeps the event loop alive: handles and requests, the most frequent first. */
  resources: Resource[];
}

export interface HeapSpace {
  name: string;
  usedBytes: number;
  committedBytes: number;
  /** Bytes that can be used without allocating more. */
  availableBytes: number;
}

export interface Resource {
  type: string;
  count: number;
}

/** Waits before the next attempt, in milliseconds, for a process that has just started. */
const WAITS = [100, 250, 500, 1_000];
const MAX_ROWS = 100;
const MAX_NAME = 100;

/**
 * Reads the figures.
 * @throws {CommandError}, or the signal's reason
 */
export async function readHeapFigures(
  job: InspectorJob,
): Promise<{ figures: HeapFigures; left: LeftOpen | null }> {
  const rendezvous = await openRendezvous();
  try {
    const { value: figures, left } = await whileAttaching(job, (watchdog) =>
      withInspector(job, watchdog, rendezvous, async ({ orders, call }) => {
        for (const wait of [...WAITS, null]) {
          const answer = await call<unknown>(
            framed(figuresHere, { ...orders(), control: rendezvous.control }),
          );
          const { failure } = answer as Partial<Late | { failure: 'starting' }>;
          if (failure === undefined) return checkedFigures(answer, `process ${job.target.pid}`);
          if (wait !== null) await pause(wait, undefined, { signal: job.signal });
        }
        throw new CommandError(
          'refused',
          `process ${job.target.pid} has not run its first JavaScript yet: try again in a moment`,
        );
      }),
    );
    return { figures, left };
  } finally {
    rendezvous.close();
  }
}

/** Like {@link HeapFigures}, with counts in an object, by the rules of in-target-frame.ts. */
function figuresHere(
  _orders: FrameOrders,
  { methods, internalBinding, primordials, versions, isConnecting }: InTarget,
): object {
  const heap = internalBinding('v8') as HeapBinding;
  heap.updateHeapStatisticsBuffer();
  const figures = heap.heapStatisticsBuffer;
  const spaces: Record<number, HeapSpace> = { __proto__: null } as never;
  for (let index = 0; index < heap.kHeapSpaces.length; index++) {
    heap.updateHeapSpaceStatisticsBuffer(index);
    const space = heap.heapSpaceStatisticsBuffer;
    spaces[index] = {
      name: heap.kHeapSpaces[index],
      usedBytes: space[heap.kSpaceUsedSizeIndex],
      committedBytes: space[heap.kSpaceSizeIndex],
      availableBytes: space[heap.kSpaceAvailableSizeIndex],
    };
  }
  const usage = new primordials.Float64Array(5);
  methods.memoryUsage(usage);
  const types = methods.getActiveResourcesInfo();
  const resources: Record<string, number> = { __proto__: null } as never;
  for (let index = 0; index < types.length; index++)
    resources[types[index]] = (resources[types[index]] ?? 0) + 1;
  // One of them is the connection of this function's wrapper.
  if (isConnecting && (resources['ConnectWrap'] ?? 0) > 0) resources['ConnectWrap']--;
  const loop = internalBinding('performance') as LoopBinding;
  const { NODE_PERFORMANCE_MILESTONE_TIME_ORIGIN: origin, NODE_PERFORMANCE_MILESTONE_LOOP_START: start } =
    loop.constants;
  const { milestones } = loop;
  const running = milestones[start] < 0 ? 0 : loop.now() - (milestones[start] - milestones[origin]) / 1e6;
  return {
    nodeVersion: versions.node,
    v8Version: versions.v8,
    uptimeMs: methods.uptime() * 1000,
    eventLoopUtilization: running > 0 ? (running - loop.loopIdleTime()) / running : 0,
    rssBytes: usage[0],
    heap: {
      usedBytes: figures[heap.kUsedHeapSizeIndex],
      committedBytes: figures[heap.kTotalHeapSizeIndex],
      limitBytes: figures[heap.kHeapSizeLimitIndex],
    },
    externalBytes: usage[3],
    arrayBufferBytes: usage[4],
    mallocedBytes: figures[heap.kMallocedMemoryIndex],
    nativeContexts: figures[heap.kNumberOfNativeContextsIndex],
    detachedContexts: figures[heap.kNumberOfDetachedContextsIndex],
    spaces,
    resources,
  };
}

/** `internalBinding('v8')` */
interface HeapBinding {
  updateHeapStatisticsBuffer(): void;
  updateHeapSpaceStatisticsBuffer(index: number): void;
  heapStatisticsBuffer: Float64Array;
  heapSpaceStatisticsBuffer: Float64Array;
  kHeapSpaces: string[];
  kSpaceSizeIndex: number;
  kSpaceUsedSizeIndex: number;
  kSpaceAvailableSizeIndex: number;
  kTotalHeapSizeIndex: number;
  kUsedHeapSizeIndex: number;
  kHeapSizeLimitIndex: number;
  kMallocedMemoryIndex: number;
  kNumberOfNativeContextsIndex: number;
  kNumberOfDetachedContextsIndex: number;
}

/** `internalBinding('performance')` */
interface LoopBinding {
  now(): number;
  loopIdleTime(): number;
  /** Nanoseconds; -1 for milestones that have not happened yet. */
  milestones: Float64Array;
  constants: {
    NODE_PERFORMANCE_MILESTONE_TIME_ORIGIN: number;
    NODE_PERFORMANCE_MILESTONE_LOOP_START: number;
  };
}

/**
 * Copies what belongs there, and nothing else.
 * @param from the process or container, for the message
 * @throws {CommandError} `failed` if something is missing or of another type
 */
export function checkedFigures(answer: unknown, from: string): HeapFigures {
  const wrong = (): CommandError =>
    new CommandError('failed', `${from} returned unexpected data instead of its memory figures`);
  const { record, figure, text: name } = foreignValues(MAX_NAME, wrong);
  // By type, as they come from a process; a list, as they come from a kit.
  const counted = (resources: unknown): [unknown, unknown][] =>
    Array.isArray(resources)
      ? resources.map(record).map(({ type, count }) => [type, count])
      : Object.entries(record(resources));
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
    spaces: Object.values(record(all['spaces']))
      .slice(0, MAX_ROWS)
      .map(record)
      .map((space) => ({
        name: name(space['name']),
        usedBytes: figure(space['usedBytes']),
        committedBytes: figure(space['committedBytes']),
        availableBytes: figure(space['availableBytes']),
      })),
    resources: counted(all['resources'])
      .map(([type, count]) => ({ type: name(type), count: figure(count) }))
      .filter(({ count }) => count > 0)
      .sort((a, b) => b.count - a.count)
      .slice(0, MAX_ROWS),
  };
}
