/** The isolates of an image: which one is meant, and what is said of them. */
import { formatBytes } from '@afterimage/host/format';
import type { ImageMetadata } from '@afterimage/image/read';
import { targetOf } from '@afterimage/image/redacted-output';
import type { Target } from '@afterimage/snapshot/redaction';
import type { ImageMemory } from '@afterimage/v8-heap/image/image-memory';
import { findIsolates, type Isolate } from '@afterimage/v8-heap/reader/isolates';
import { CommandError } from '../cli/command-error.js';
import { MAIN_THREAD } from '../cli/isolate-option.js';
import { formatNumberOf } from '../cli/quantities.js';
import { visible } from '../cli/visible.js';

/** Named in a list; the rest are counted. */
const MAX_LISTED = 20;

export interface ChosenIsolate {
  isolate: Isolate;
  /** The others in the image. */
  others: readonly Isolate[];
}

/**
 * Finds the isolate that is meant.
 * @param wanted as {@link isolateLabel} calls it
 * @throws {CommandError} with the list of all if there is none of that name
 * @throws {UnreadableHeapError}
 */
export function chosenIsolate(memory: ImageMemory, wanted = MAIN_THREAD): ChosenIsolate {
  const isolates = findIsolates(memory);
  const isolate = isolates.find((each) => isolateLabel(each) === wanted);
  if (isolate === undefined)
    throw new CommandError(
      'failed',
      `no thread ${wanted} in this image; it has the heaps of ${isolates.length === 1 ? '1 thread' : `${isolates.length} threads`}: ${isolateList(isolates)}`,
    );
  return { isolate, others: isolates.filter((each) => each !== isolate) };
}

/** Returns the value of `--isolate` that selects it. */
export function isolateLabel({ threadId, heapAddress }: Isolate): string {
  return threadId === null ? `0x${heapAddress.toString(16)}` : String(threadId);
}

/** Describes it in a list: `2 "pricing" (/app/pricing.js, 6.3 MB used)`. */
export function isolateText(isolate: Isolate): string {
  const { isMain, name, script, usedBytes } = isolate;
  const what = isMain ? ' main thread' : name === null ? '' : ` ${JSON.stringify(name)}`;
  const facts = [...(script === null || isMain ? [] : [script]), `${formatBytes(usedBytes)} used`];
  return visible(`${isolateLabel(isolate)}${what} (${facts.join(', ')})`);
}

/** Names its thread in a sentence: `thread 2 "pricing"`. */
export function threadText(isolate: Isolate): string {
  const { isMain, name } = isolate;
  if (isMain) return 'the main thread';
  return visible(`thread ${isolateLabel(isolate)}${name === null ? '' : ` ${JSON.stringify(name)}`}`);
}

function isolateList(isolates: readonly Isolate[]): string {
  const listed = isolates.slice(0, MAX_LISTED).map(isolateText);
  const more = isolates.length - listed.length;
  return [...listed, ...(more > 0 ? [`${more} more`] : [])].join('; ');
}

/** What else is in the image, as a sentence without its full stop; null if there are no other heaps. */
export function othersText(others: readonly Isolate[]): string | null {
  if (others.length === 0) return null;
  const workers = others.filter(({ isMain }) => !isMain).length;
  const hasMain = workers < others.length;
  const whose = [
    ...(hasMain ? ['the main thread'] : []),
    ...(workers > 0 ? [formatNumberOf(workers, hasMain ? 'other worker thread' : 'worker thread')] : []),
  ].join(' and ');
  const labels = others.slice(0, MAX_LISTED).map(isolateLabel);
  const more = labels.length < others.length ? ', …' : '';
  const heaps = others.length === 1 ? 'heap' : 'heaps';
  return `the image also has the ${heaps} of ${whose}: --isolate ${labels.join(', ')}${more}`;
}

/**
 * What a snapshot of the isolate says of the process. The figures in an image are those of the main thread: a worker's snapshot has
 * none.
 */
export function targetOfIsolate(metadata: ImageMetadata, { isMain, threadId }: Isolate): Target {
  const { process: figures, ...target } = targetOf(metadata);
  if (isMain) return { ...target, ...(figures === undefined ? {} : { process: figures }) };
  return threadId === null ? target : { ...target, thread: threadId };
}

/** Returns what `--json` prints about it. */
export function isolateReport(isolate: Isolate): object {
  const { threadId, name, script, usedBytes, committedBytes } = isolate;
  return { isolate: isolateLabel(isolate), threadId, name, script, usedBytes, committedBytes };
}
