/**
 * Detects whether a collection that grew is a cache that has not reached its limit yet. V8 omits small
 * integers from a snapshot, unless asked for numeric values; but caches that reserve all their slots show
 * their limit.
 */
import { typeIndex, type Graph } from '../graph/graph.js';
import { edgeLabel, internalTarget, rawName } from '../graph/names.js';
import type { Snapshot } from '../graph/snapshot.js';
import { hasLimitField } from './limit-field.js';
import type { Limit, Suspect } from './suspect.js';

/** Names of fields that can only bound the number of entries: a `limit` may be that of a rate. */
const ENTRIES = /^#?_?(max|max_?size|max_?entries|max_?items|max_?elements)$/i;
/** Default size of Node's resource timing buffer (bufferSize in lib/internal/perf/resource_timing.js). */
const MAX_RESOURCE_TIMINGS = 250;
const HEADER_BYTES = 16;
const SLOT_BYTES = 8;

/** Adds limits to the suspects, and removes those that Node itself bounds. */
export function withLimits({ graph }: Snapshot, suspects: readonly Suspect[]): Suspect[] {
  const isBounded = new Map<Suspect, Limit | null>();
  const owners = ownersOf(graph, new Set(suspects.map(({ holder }) => holder.id)));
  for (const suspect of suspects) {
    const now = suspect.holder.entries.at(-1) ?? suspect.count;
    isBounded.set(suspect, limitOf(graph, owners.get(suspect.holder.id) ?? [], now));
  }
  return suspects
    .filter((suspect) => !isNodesOwn(suspect))
    .map((suspect) => {
      const limit = isBounded.get(suspect) ?? null;
      return limit === null ? suspect : { ...suspect, limit, title: `${suspect.title}${limitText(limit)}` };
    });
}

function limitText({ max, now }: Limit): string {
  const amount = now.toLocaleString('en');
  return max === null
    ? `, a cache with a limit: ${amount} so far`
    : `: ${amount} of max ${max.toLocaleString('en')}`;
}

function isNodesOwn({ pathText, path, counts }: Suspect): boolean {
  const last = counts[counts.length - 1] ?? 0;
  return (
    last <= MAX_RESOURCE_TIMINGS &&
    (/resourceTiming(Secondary)?Buffer/.test(pathText) ||
      path.some(({ edge }) => /^resourceTiming(Secondary)?Buffer$/.test(edge)))
  );
}

/** Returns, by the ID of a holder, the holder and the objects that refer to it by a property. */
function ownersOf(graph: Graph, holders: ReadonlySet<number>): Map<number, number[]> {
  const { nodeCount, nodeId, firstEdge, edgeTo, edgeType, edgeTypes, nodeType, nodeTypes } = graph;
  const property = typeIndex(edgeTypes, 'property');
  const object = typeIndex(nodeTypes, 'object');
  const found = new Map<number, number[]>();
  const isHolder = new Uint8Array(nodeCount);
  for (let node = 0; node < nodeCount; node++) {
    if (!holders.has(nodeId[node])) continue;
    isHolder[node] = 1;
    if (nodeType[node] === object) found.set(nodeId[node], [node]);
  }
  for (let node = 0; node < nodeCount; node++) {
    if (nodeType[node] !== object) continue;
    for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
      const to = edgeTo[edge];
      if (isHolder[to] === 0 || edgeType[edge] !== property || to === node) continue;
      if (/^(__proto__|constructor|prototype)$/.test(edgeLabel(graph, edge))) continue;
      const known = found.get(nodeId[to]);
      if (known) known.push(node);
      else found.set(nodeId[to], [node]);
    }
  }
  return found;
}

function limitOf(graph: Graph, owners: readonly number[], now: number): Limit | null {
  for (const owner of owners) {
    const told = numberIn(graph, owner);
    if (told !== null) {
      if (told >= now) return { max: told, now };
      continue;
    }
    const slots = reservedSlots(graph, owner);
    // A cache that would reserve its slots has no limit if they are not reserved.
    if (slots !== null) {
      if (slots >= now) return { max: slots, now };
      continue;
    }
    if (!hasLimitField(graph, owner, ENTRIES) || isUnlimited(graph, owner)) continue;
    return { max: null, now };
  }
  return null;
}

/** Reads the limit itself, if the snapshot has numeric values. */
function numberIn(graph: Graph, owner: number): number | null {
  for (const [label, to] of propertiesOf(graph, owner)) {
    if (!ENTRIES.test(label) || graph.nodeTypes[graph.nodeType[to]] !== 'number') continue;
    const value = internalTarget(graph, to, 'value');
    const number = value < 0 ? NaN : Number(rawName(graph, value));
    if (Number.isFinite(number) && number > 0) return number;
  }
  return null;
}

/** Infinity is a number on the heap, unlike small integers. */
function isUnlimited(graph: Graph, owner: number): boolean {
  return propertiesOf(graph, owner).some(
    ([label, to]) => ENTRIES.test(label) && graph.nodeTypes[graph.nodeType[to]] === 'number',
  );
}

/** At least two kinds of arrays that are linked by numbers, each with all slots from the start. */
const MIN_ARRAYS = 2;
const LINKS = /^(Uint8Array|Uint16Array|Uint32Array|ZeroArray)$/;

/**
 * Recognizes lru-cache and similar caches by structure, because their names may be minified: arrays for keys
 * and for values with as many slots as the cache has room for, and typed arrays that link them. Returns the
 * slots; null for anything else.
 */
function reservedSlots(graph: Graph, owner: number): number | null {
  const arrays = new Map<number, number>();
  let links = 0;
  for (const [, to] of propertiesOf(graph, owner)) {
    const name = rawName(graph, to);
    if (LINKS.test(name)) links++;
    const elements = name === 'Array' ? internalTarget(graph, to, 'elements') : -1;
    if (elements < 0) continue;
    const slots = Math.floor((graph.selfSize[elements] - HEADER_BYTES) / SLOT_BYTES);
    arrays.set(slots, (arrays.get(slots) ?? 0) + 1);
  }
  if (links < MIN_ARRAYS) return null;
  const slots = [...arrays].filter(([, count]) => count >= MIN_ARRAYS).map(([found]) => found);
  return slots.length === 0 ? null : Math.max(...slots);
}

function propertiesOf(graph: Graph, node: number): [string, number][] {
  const found: [string, number][] = [];
  for (let edge = graph.firstEdge[node]; edge < graph.firstEdge[node + 1]; edge++) {
    if (graph.edgeTypes[graph.edgeType[edge]] === 'property')
      found.push([edgeLabel(graph, edge), graph.edgeTo[edge]]);
  }
  return found;
}
