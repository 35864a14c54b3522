/**
 * The biggest classes of a process's heap, from a sample of its pages: read from outside, while the process goes on.
 * What is counted is what lies there, garbage that no collection has come by yet included.
 */
import { formatBytes } from '@afterimage/agent/figures';
import { formatShare } from '../quantities.js';
import { classNames } from './class-names.js';
import { heapPages, PAGE_BYTES, type HeapPage } from './heap-pages.js';
import { objectLayout, UnknownLayoutError, type ObjectLayout } from './object-layout.js';
import { objectMaps, wordAt, type ObjectMap } from './object-map.js';
import { objectSizes, walkPage } from './page-walk.js';
import { readPostmortemSymbols } from './postmortem-symbols.js';
import { openMemory, type ProcessMemory } from './process-memory.js';
import { tallies, type Estimate } from './tallies.js';

export interface SampledClass {
  name: string;
  count: number;
  bytes: number;
  /** Half of the range, around each, that the true figure lies in 19 times of 20; 0 where all was read. */
  countMargin: number;
  bytesMargin: number;
}

export interface ClassSample {
  /** The biggest first. */
  classes: SampledClass[];
  /** Of the heap without its large objects, which are all looked at. */
  sampledShare: number;
  /** Of what lies on the pages. */
  bytes: number;
}

/** Nothing can be told; the message says why, on one line. */
export class NoSampleError extends Error {
  override name = 'NoSampleError';
}

const SAMPLE_BYTES = 64 << 20;
/** Of the pages of a heap larger than that, no more than their beginnings are read: from many, as many are alike. */
const LEAST_PIECE = 1 << 14;
/** Of a sample that no object explains; more of it means that it was not understood. */
const MOST_UNEXPLAINED = 0.1;
/** By how much of it what was found may differ from what V8 says it has. */
const MOST_DIFFERENCE = 0.3;
const MOST_LARGE = 20_000;
/** A large object's map and length. */
const LARGE_HEAD_BYTES = 32;
/** Those with the most bytes; the others come to little. */
const MOST_NAMED = 4_000;
const OTHERS = '(others)';
const WORD = 8;
/** So many standard deviations to either side are 95 % of a normal distribution. */
const DEVIATIONS = 1.96;

/** What V8 says of its heap, in bytes. */
export interface HeapTotals {
  used: number;
  committed: number;
}

/**
 * @param nodeFiles what the process runs, and where its Node.js is a library that
 * @throws {NoSampleError}
 */
export async function sampleClasses(
  pid: number,
  nodeFiles: readonly string[],
  totals: HeapTotals,
): Promise<ClassSample> {
  let memory: ProcessMemory | null = null;
  try {
    memory = openMemory(pid);
    for (const file of nodeFiles) {
      const symbols = await readPostmortemSymbols(file);
      if (symbols.size > 0) return sample(memory, objectLayout(symbols), totals);
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
    return new NoSampleError(`its memory may not be read (${code}): run this with sudo`, { cause: error });
  return code === 'ENOENT' || code === 'ESRCH' ? new NoSampleError('it has ended', { cause: error }) : error;
}

function sample(memory: ProcessMemory, layout: ObjectLayout, { used, committed }: HeapTotals): ClassSample {
  const pages = ownPages(heapPages(memory), committed);
  const maps = objectMaps(memory, layout);
  const sizeOf = objectSizes(layout);
  const nameOf = classNames(memory, layout, maps);
  const regular = pages.filter(({ isLarge, isStale }) => !isLarge && !isStale);
  const large = pages.filter(({ isLarge }) => isLarge);

  const onRegular = tallies<ObjectMap>();
  const chosen = drawn(regular, SAMPLE_BYTES / LEAST_PIECE);
  const most = Math.min(PAGE_BYTES, Math.floor(SAMPLE_BYTES / chosen.length / WORD) * WORD);
  const piece = new ArrayBuffer(most);
  let walked = 0;
  let unexplained = 0;
  for (const { start, end } of chosen) {
    const bytes = Math.min(most, end - start);
    if (!memory.read(start, new Uint8Array(piece, 0, bytes))) continue;
    const words = new Uint32Array(piece, 0, bytes / 4);
    unexplained += walkPage(words, end - start, maps, sizeOf, onRegular.add);
    walked += bytes;
    onRegular.endPart();
  }
  if (walked === 0 || unexplained > walked * MOST_UNEXPLAINED)
    throw new NoSampleError(
      `its heap is not understood: nothing explains ${formatShare(unexplained / walked)} of it`,
    );

  const onLarge = tallies<ObjectMap>();
  const head = new ArrayBuffer(LARGE_HEAD_BYTES);
  const chosenLarge = drawn(large, MOST_LARGE);
  for (const { start, end } of chosenLarge) {
    const map = memory.read(start, new Uint8Array(head)) ? maps.at(wordAt(Buffer.from(head), 0)) : null;
    const bytes = map === null ? null : sizeOf(map, new Uint32Array(head), 0);
    if (map !== null && bytes !== null)
      onLarge.add(map, bytes > 0 ? Math.min(bytes, end - start) : end - start);
    onLarge.endPart();
  }

  const objectBytes = regular.reduce((sum, { start, end }) => sum + end - start, 0);
  const sampledShare = walked / objectBytes;
  const classes = named(
    [onRegular.estimates(sampledShare), onLarge.estimates(chosenLarge.length / large.length)],
    nameOf,
  );
  const bytes = classes.reduce((sum, each) => sum + each.bytes, 0);
  if (Math.abs(bytes - used) > used * MOST_DIFFERENCE)
    throw new NoSampleError(`${formatBytes(bytes)} were found of ${formatBytes(used)} that V8 says it uses`);
  return { classes, bytes, sampledShare };
}

/** Every worker thread has a heap; the main thread's is the one that V8 told about. */
function ownPages(heaps: readonly HeapPage[][], committed: number): HeapPage[] {
  const off = (pages: readonly HeapPage[]): number =>
    Math.abs(pages.reduce((sum, { size }) => sum + size, 0) - committed);
  const nearest = [...heaps].sort((a, b) => off(a) - off(b)).at(0);
  if (nearest === undefined || off(nearest) > committed * MOST_DIFFERENCE)
    throw new NoSampleError('the pages of its heap are not found');
  return nearest;
}

/** So many of them, by chance; all where there are no more. */
function drawn<T>(from: readonly T[], most: number): T[] {
  const rest = [...from];
  if (rest.length <= most) return rest;
  for (let at = 0; at < most; at++) {
    const other = at + Math.floor(Math.random() * (rest.length - at));
    [rest[at], rest[other]] = [rest[other], rest[at]];
  }
  return rest.slice(0, most);
}

function named(
  estimates: readonly Map<ObjectMap, Estimate>[],
  nameOf: (map: ObjectMap) => string | null,
): SampledClass[] {
  const largest = estimates.flatMap((each) => [...each]).sort(([, a], [, b]) => b.bytes - a.bytes);
  const names = new Map<ObjectMap, string | null>();
  const classes = new Map<string, SampledClass>();
  for (const [map, { count, bytes, countVariance, bytesVariance }] of largest) {
    let name = names.get(map);
    if (name === undefined) names.set(map, (name = names.size < MOST_NAMED ? nameOf(map) : OTHERS));
    if (name === null) continue;
    const found = classes.get(name) ?? { name, count: 0, bytes: 0, countMargin: 0, bytesMargin: 0 };
    found.count += count;
    found.bytes += bytes;
    // Maps of one class lie on the same pages: where there is too much of one, there is of the others as well.
    found.countMargin += DEVIATIONS * Math.sqrt(countVariance);
    found.bytesMargin += DEVIATIONS * Math.sqrt(bytesVariance);
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
