/** The report of `afterimage heap`. */
import { formatBytes, formatShare } from '@afterimage/host/format';
import type { SampledClass } from '@afterimage/v8-heap/class-sample';
import type { LiveIsolate } from '@afterimage/v8-heap/process-isolates';
import type { HeapFigures } from '../../heap/figures.js';
import type { HeapReport } from '../../heap/report.js';
import { formatCount, formatSpan } from '../../cli/quantities.js';
import { andMore } from './classes.js';
import type { Block, Fact, Table } from './block.js';

/**
 * @param name the process or its container
 * @param classesShown how many, of all there are
 */
export function heapBlocks(name: string, report: HeapReport, classesShown: number): Block[] {
  const { pid, figures } = report;
  const heading: Block = { kind: 'heading', level: 1, text: name };
  const ending = [...threadSection(report), ...classSection(report, classesShown)];
  if (figures === null) return [heading, ...unasked(report), ...ending];
  const memoryVerb = name === `process ${pid}` ? `: see afterimage memory ${pid}` : '';
  return [
    heading,
    {
      kind: 'paragraph',
      text:
        `Node ${figures.nodeVersion}, V8 ${figures.v8Version}, up for ${formatSpan(figures.uptimeMs)}, ` +
        `its event loop busy for ${formatShare(figures.eventLoopUtilization)} of that`,
    },
    ...conclusion(figures, memoryVerb),
    { kind: 'facts', rows: facts(figures) },
    { kind: 'heading', level: 2, text: 'Spaces' },
    spaceTable(figures),
    { kind: 'heading', level: 2, text: 'Handles and requests' },
    resourcesBlock(figures),
    ...ending,
  ];
}

/** What is known without the process's help. */
function unasked({ nodeVersion, rssBytes, noFigures, classes }: HeapReport): Block[] {
  const committed = classes === null ? 'unknown' : formatBytes(classes.committedBytes);
  return [
    { kind: 'paragraph', text: `Node ${nodeVersion}` },
    {
      kind: 'paragraph',
      weight: 'strong',
      text: `Read from /proc alone, without V8's own figures (nothing was sent to it): ${noFigures}.`,
    },
    {
      kind: 'facts',
      rows: [
        { label: 'heap committed', value: committed },
        { label: 'resident', value: formatBytes(rssBytes) },
      ],
    },
  ];
}

/** From this share of its limit on, the heap is what will end the process. */
const NEAR_LIMIT = 0.8;
/** Node.js itself takes less than this outside V8's heap. */
const MIN_OUTSIDE_BYTES = 150e6;
const MIN_OUTSIDE_SHARE = 0.5;
/** From this many handles or requests of one type on, they are mentioned. */
const MANY_RESOURCES = 1000;

/** Conclusions from the figures, the most urgent first; none if everything is ordinary. */
function conclusion(figures: HeapFigures, memoryVerb: string): Block[] {
  const { heap, rssBytes, arrayBufferBytes, resources, detachedContexts } = figures;
  const said: string[] = [];
  const ofLimit = heap.limitBytes === 0 ? 0 : heap.usedBytes / heap.limitBytes;
  if (ofLimit >= NEAR_LIMIT) {
    said.push(
      `The heap is at ${formatShare(ofLimit)} of its limit of ${formatBytes(heap.limitBytes)}: capture it before V8 ends the process.`,
    );
  }
  const outside = rssBytes - heap.committedBytes;
  if (outside >= Math.max(MIN_OUTSIDE_BYTES, MIN_OUTSIDE_SHARE * rssBytes)) {
    const buffers =
      arrayBufferBytes >= outside / 2 ? `, ${formatBytes(arrayBufferBytes)} of it in Buffers` : '';
    said.push(
      `Of ${formatBytes(rssBytes)} resident, ${formatBytes(outside)} lies outside V8's heap${buffers}${memoryVerb}.`,
    );
  }
  const most = resources.at(0);
  if (most !== undefined && most.count >= MANY_RESOURCES)
    said.push(`${formatCount(most.count)} handles of type ${most.type} are open.`);
  if (detachedContexts > MANY_CONTEXTS)
    said.push(`${formatCount(detachedContexts)} contexts are detached and still held.`);
  return said.length === 0 ? [] : [{ kind: 'paragraph', weight: 'strong', text: said.join(' ') }];
}

/** A few are waiting for the next full collection. */
const MANY_CONTEXTS = 10;

function facts(figures: HeapFigures): Fact[] {
  const { heap, externalBytes, arrayBufferBytes, mallocedBytes, rssBytes, nativeContexts, detachedContexts } =
    figures;
  const ofLimit = formatShare(heap.limitBytes === 0 ? 0 : heap.usedBytes / heap.limitBytes);
  return [
    { label: 'heap used', value: `${formatBytes(heap.usedBytes)}, ${ofLimit} of the limit` },
    { label: 'heap committed', value: formatBytes(heap.committedBytes) },
    { label: 'heap limit', value: formatBytes(heap.limitBytes) },
    {
      label: 'external',
      value: `${formatBytes(externalBytes)}, including ${formatBytes(arrayBufferBytes)} array buffers`,
    },
    { label: "V8's own", value: formatBytes(mallocedBytes) },
    { label: 'resident', value: formatBytes(rssBytes) },
    { label: 'contexts', value: `${formatCount(nativeContexts)}, detached ${formatCount(detachedContexts)}` },
  ];
}

function spaceTable({ spaces }: HeapFigures): Table {
  return {
    kind: 'table',
    columns: [
      { name: 'space', is: 'name' },
      { name: 'used', is: 'figure' },
      { name: 'committed', is: 'figure' },
      { name: 'available', is: 'figure' },
    ],
    rows: spaces
      .filter(({ committedBytes }) => committedBytes > 0)
      .map(({ name, usedBytes, committedBytes, availableBytes }) => [
        name,
        formatBytes(usedBytes),
        formatBytes(committedBytes),
        formatBytes(availableBytes),
      ]),
  };
}

function resourcesBlock({ resources }: HeapFigures): Block {
  if (resources.length === 0) return { kind: 'paragraph', text: 'None keeps the event loop alive.' };
  return {
    kind: 'table',
    columns: [
      { name: 'type', is: 'name' },
      { name: 'count', is: 'figure' },
    ],
    rows: resources.map(({ type, count }) => [type, formatCount(count)]),
  };
}

/** Nothing for a process without worker threads. */
function threadSection({ threads }: HeapReport): Block[] {
  if (threads === null || threads.length < 2) return [];
  const what = ({ threadId, name, script }: LiveIsolate): string =>
    threadId === 0 ? 'main thread' : [name, script].filter((each) => each !== null).join(', ');
  return [
    { kind: 'heading', level: 2, text: 'Heaps of threads' },
    {
      kind: 'table',
      columns: [
        { name: 'thread', is: 'figure' },
        { name: 'used', is: 'figure' },
        { name: 'committed', is: 'figure' },
        { name: 'what it runs', is: 'name' },
      ],
      rows: threads.map((thread) => [
        thread.threadId === null ? '?' : String(thread.threadId),
        formatBytes(thread.usedBytes),
        formatBytes(thread.committedBytes),
        what(thread),
      ]),
    },
    {
      kind: 'paragraph',
      weight: 'faint',
      text: 'All other figures are those of the main thread; capture --isolate N takes the heap of another.',
    },
  ];
}

function classSection({ classes, noClasses }: HeapReport, shown: number): Block[] {
  const heading: Block = { kind: 'heading', level: 2, text: 'Biggest classes' };
  if (classes === null) return [heading, { kind: 'paragraph', text: noClasses ?? '' }];
  const { sampledShare } = classes;
  const isWhole = sampledShare >= 1;
  // Classes that may not exist at all are only in the JSON.
  const all = classes.classes.filter(({ bytes, bytesMargin }) => bytesMargin < bytes);
  const how = isWhole
    ? 'From the whole heap, garbage that is not collected yet included.'
    : `From ${formatShare(sampledShare)} of the heap, garbage that is not collected yet included.`;
  const blocks: Block[] = [
    heading,
    classTable(all.slice(0, shown), isWhole),
    { kind: 'paragraph', weight: 'faint', text: how },
  ];
  return [...blocks, ...andMore(all.length - shown)];
}

function classTable(classes: readonly SampledClass[], isWhole: boolean): Table {
  const about = isWhole ? '' : '≈ ';
  return {
    kind: 'table',
    columns: [
      { name: 'class', is: 'name' },
      { name: 'count', is: 'figure' },
      { name: 'shallow', is: 'figure' },
      ...(isWhole ? [] : [{ name: '±', is: 'figure' as const }]),
    ],
    rows: classes.map(({ name, count, bytes, bytesMargin }) => [
      name,
      about + formatCount(isWhole ? count : rounded(count)),
      about + formatBytes(bytes),
      ...(isWhole ? [] : [formatShare(bytes === 0 ? 0 : bytesMargin / bytes)]),
    ]),
  };
}

/** Rounds to two digits: more would suggest false precision. */
function rounded(count: number): number {
  return Number(count.toPrecision(2));
}
