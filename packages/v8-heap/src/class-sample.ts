/**
 * Estimates the biggest classes of a process's heap from a sample of its pages, read from outside while the
 * process runs. Counts everything that is there, including garbage that has not been collected yet.
 */
import { formatBytes, formatShare } from '@afterimage/host/format';
import { classNames } from './class-names.js';
import { findHeaps, PAGE_BYTES, type Heap, type HeapPage } from './pages.js';
import { objectLayout, UnknownLayoutError, type ObjectLayout } from './object-layout.js';
import { objectMaps, wordAt, type ObjectMap, type ObjectMaps } from './object-map.js';
import { objectSizes, walkPage, type SizeOf } from './page-walk.js';
import { readPostmortemSymbols } from './symbols.js';
import type { MemoryReader } from './memory.js';
import { openMemory } from './process-memory.js';
import { tallies, type Estimate } from './tallies.js';

export interface SampledClass {
  name: string;
  count: number;
  bytes: number;
  /** Half the width of the 95 % confidence interval; 0 if everything was read. */
  countMargin: number;
  bytesMargin: number;
}

export interface ClassSample {
  /** The biggest first. */
  classes: SampledClass[];
  /** Share of the heap that was read, without its large objects, which are all read. */
  sampledShare: number;
  /** Bytes of the heap's pages. */
  committedBytes: number;
}

/** No estimate is possible; the message says why, in one line. */
export class NoSampleError extends Error {
  override name = 'NoSampleError';
}

/**
 * Whole pages are sampled: objects allocated together lie together, so parts of a page would add little
 * information.
 */
const MAX_PAGES = (384 << 20) / PAGE_BYTES;
/**
 * Fewer pages are enough if the walk takes longer than this: the answer should come within two seconds even
 * on a busy machine.
 */
const ENOUGH_PAGES = (96 << 20) / PAGE_BYTES;
const LONG_WALK_MS = 1_000;
/** Largest share of a sample that no object may explain; with more, the heap was not understood. */
const MAX_UNEXPLAINED_SHARE = 0.1;
/**
 * How far the result may differ from V8's own figures of a moment ago: as a share, and in bytes for a small
 * heap.
 */
const MAX_DIFFERENCE = 0.5;
const MIN_DIFFERENCE = 8 << 20;
const MAX_LARGE = 20_000;
/** A large object's map and length. */
const LARGE_HEAD_BYTES = 32;
/** Only the classes with the most bytes get a name; the others are small. */
const MAX_NAMED = 2_000;
const OTHERS = '(others)';
/** 95 % of a normal distribution lie within this many standard deviations to either side. */
const DEVIATIONS = 1.96;

/** V8's own figures for its old generation, in bytes; the young generation changes too fast. */
export interface OldGeneration {
  used: number;
  committed: number;
}

/**
 * Samples the main thread's heap.
 * @param nodeFiles the files that the process runs: its executable and, if Node.js is a shared library, that
 * library
 * @param old null if the process was not asked; then the result is compared with nothing
 * @throws {NoSampleError}
 */
export async function sampleClasses(
  pid: number,
  nodeFiles: readonly string[],
  old: OldGeneration | null,
): Promise<ClassSample> {
  let memory: MemoryReader | null = null;
  try {
    memory = openMemory(pid);
    for (const file of nodeFiles) {
      const symbols = await readPostmortemSymbols(file);
      if (symbols.size > 0) return sample(memory, objectLayout(symbols), old);
    }
    throw new NoSampleError('its Node.js has no postmortem metadata');
  } catch (error) {
    throw explain(error);
  } finally {
    memory?.close();
  }
}

function explain(error: unknown): unknown {
  if (error instanceof UnknownLayoutError)
    return new NoSampleError(`its postmortem metadata is not understood: ${error.message}`, { cause: error });
  if (error instanceof RangeError) return new NoSampleError(error.message, { cause: error });
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM')
    return new NoSampleError(`its memory cannot be read (${code}): run this with sudo`, { cause: error });
  return code === 'ENOENT' || code === 'ESRCH' ? new NoSampleError('it has ended', { cause: error }) : error;
}

function sample(memory: MemoryReader, layout: ObjectLayout, old: OldGeneration | null): ClassSample {
  const pages = ownPages(findHeaps(memory), memory, old);
  const maps = objectMaps(memory, layout);
  const reader = { memory, maps, sizeOf: objectSizes(layout) };
  const { filler, freeSpace } = layout.types;
  const isFree = ({ type }: ObjectMap): boolean => type === filler || type === freeSpace;

  const large = pages.filter(({ isLarge }) => isLarge);
  const regular = pages.filter(({ isLarge, isStale }) => !isLarge && !isStale);
  const share = Math.min(1, MAX_PAGES / regular.length);
  const deadline = performance.now() + LONG_WALK_MS;
  // The generations separately: they differ, and the total is known only for one of them. The small one
  // first.
  const strata = [true, false].flatMap((isYoung) => {
    const isOf = (page: HeapPage): boolean => page.isYoung === isYoung;
    return [
      { isYoung, ...samplePages(regular.filter(isOf), share, deadline, reader) },
      { isYoung, ...sampleLarge(large.filter(isOf), reader) },
    ];
  });
  const walked = strata.reduce((sum, each) => sum + each.walked, 0);
  const unexplained = strata.reduce((sum, each) => sum + each.unexplained, 0);
  if (walked === 0 || unexplained > walked * MAX_UNEXPLAINED_SHARE)
    throw new NoSampleError(
      `its heap is not understood: nothing explains ${formatShare(unexplained / Math.max(walked, 1))} of it`,
    );
  const found = strata.map(({ isYoung, estimates }) => ({
    isYoung,
    estimates: [...estimates].filter(([map]) => !isFree(map)),
  }));
  const oldBytes = found
    .filter(({ isYoung }) => !isYoung)
    .reduce((sum, { estimates }) => sum + estimates.reduce((bytes, [, each]) => bytes + each.bytes, 0), 0);
  if (old !== null && Math.abs(oldBytes - old.used) > Math.max(old.used * MAX_DIFFERENCE, MIN_DIFFERENCE))
    throw new NoSampleError(
      `its old generation uses ${formatBytes(old.used)}, and ${formatBytes(oldBytes)} were found (after a collection, ` +
        'garbage lies there for a moment): try again',
    );
  const classes = named(
    found.flatMap(({ estimates }) => estimates),
    classNames(memory, layout, maps),
  );
  const objectBytes = regular.reduce((sum, { start, end }) => sum + end - start, 0);
  return {
    classes,
    sampledShare: objectBytes === 0 ? 1 : walked / objectBytes,
    committedBytes: pages.reduce((sum, { size }) => sum + size, 0),
  };
}

interface Reader {
  memory: MemoryReader;
  maps: ObjectMaps;
  sizeOf: SizeOf;
}

interface Sampled {
  estimates: Map<ObjectMap, Estimate>;
  /** Bytes of the pages that were walked. */
  walked: number;
  unexplained: number;
}

/** Walks a share of the pages; fewer if that takes long. */
function samplePages(
  pages: readonly HeapPage[],
  share: number,
  deadline: number,
  { memory, maps, sizeOf }: Reader,
): Sampled {
  const counted = tallies<ObjectMap>();
  const page = new ArrayBuffer(PAGE_BYTES);
  let parts = 0;
  let walked = 0;
  let unexplained = 0;
  for (const { start, end } of drawn(pages, Math.ceil(pages.length * share))) {
    const bytes = end - start;
    if (!memory.read(start, new Uint8Array(page, 0, bytes))) continue;
    unexplained += walkPage(new Uint32Array(page, 0, bytes / 4), maps, sizeOf, counted.add);
    walked += bytes;
    counted.endPart();
    if (++parts >= ENOUGH_PAGES && performance.now() > deadline) break;
  }
  const objectBytes = pages.reduce((sum, { start, end }) => sum + end - start, 0);
  const estimates = walked === 0 ? new Map<ObjectMap, Estimate>() : counted.estimates(walked / objectBytes);
  return { estimates, walked, unexplained };
}

/** Of a large object, reads only its map and length. */
function sampleLarge(pages: readonly HeapPage[], { memory, maps, sizeOf }: Reader): Sampled {
  const counted = tallies<ObjectMap>();
  const head = Buffer.from(new ArrayBuffer(LARGE_HEAD_BYTES));
  const chosen = drawn(pages, MAX_LARGE);
  for (const { start, end } of chosen) {
    const map = memory.read(start, head) ? maps.at(wordAt(head, 0)) : null;
    const bytes = map === null ? null : sizeOf(map, new Uint32Array(head.buffer), 0);
    if (map !== null && bytes !== null)
      counted.add(map, bytes > 0 ? Math.min(bytes, end - start) : end - start);
    counted.endPart();
  }
  return { estimates: counted.estimates(chosen.length / pages.length), walked: 0, unexplained: 0 };
}

/** Every worker thread has a heap; picks the main thread's, the one that V8's figures describe, or the only candidate. */
function ownPages(
  heaps: readonly Heap[],
  { programBreak }: MemoryReader,
  old: OldGeneration | null,
): HeapPage[] {
  const isFirst = ({ address }: Heap): boolean =>
    programBreak !== null && address >= programBreak.start && address < programBreak.end;
  const first = heaps.filter(isFirst);
  const likely = first.length > 0 ? first : [...heaps];
  const off = ({ pages }: Heap): number =>
    old === null
      ? 0
      : Math.abs(pages.reduce((sum, { size, isYoung }) => (isYoung ? sum : sum + size), 0) - old.committed);
  const [nearest, next] = likely.sort((a, b) => off(a) - off(b)).slice(0, 2) as (Heap | undefined)[];
  if (nearest === undefined) throw new NoSampleError('the pages of its heap are not found');
  if (next !== undefined && (old === null || off(next) < 2 * off(nearest)))
    throw new NoSampleError('the heaps of its threads cannot be distinguished');
  return nearest.pages;
}

/** Returns up to `most` random elements, in no particular order. */
function drawn<T>(from: readonly T[], most: number): T[] {
  const rest = [...from];
  for (let at = 0; at < Math.min(most, rest.length); at++) {
    const other = at + Math.floor(Math.random() * (rest.length - at));
    [rest[at], rest[other]] = [rest[other], rest[at]];
  }
  return rest.slice(0, most);
}

function named(
  estimates: readonly [ObjectMap, Estimate][],
  nameOf: (map: ObjectMap) => string,
): SampledClass[] {
  const names = new Map<ObjectMap, string>();
  const classes = new Map<string, SampledClass>();
  for (const [map, each] of [...estimates].sort(([, a], [, b]) => b.bytes - a.bytes)) {
    let name = names.get(map);
    if (name === undefined) names.set(map, (name = names.size < MAX_NAMED ? nameOf(map) : OTHERS));
    const found = classes.get(name) ?? { name, count: 0, bytes: 0, countMargin: 0, bytesMargin: 0 };
    found.count += each.count;
    found.bytes += each.bytes;
    // Maps of one class lie on the same pages, so their errors are correlated: add them up.
    found.countMargin += DEVIATIONS * Math.sqrt(each.countVariance);
    found.bytesMargin += DEVIATIONS * Math.sqrt(each.bytesVariance);
    classes.set(name, found);
  }
  return [...classes.values()].sort((a, b) => b.bytes - a.bytes).map(rounded);
}

function rounded({ name, count, bytes, countMargin, bytesMargin }: SampledClass): SampledClass {
  return {
    name,
    count: Math.round(count),
    bytes: Math.round(bytes),
    countMargin: Math.round(countMargin),
    bytesMargin: Math.round(bytesMargin),
  };
}
