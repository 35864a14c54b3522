/**
 * Which instances of a class are still the same ones, by their IDs. Only IDs that last tell: those of snapshots that the
 * reader of images made of one thread of one process. V8's own generator numbers objects afresh in each process.
 */
import type { Sizes } from '../format/columns.js';
import type { Classes } from '../graph/classes.js';
import type { Snapshot } from '../graph/snapshot.js';
import { readProvenance } from '../redact/provenance.js';

/** What is kept of the first snapshot: the class of each ID, in a hash table. */
export interface KnownIds {
  /** What the IDs are those of. */
  space: string;
  names: readonly string[];
  /** 0 is an empty slot. */
  ids: Uint32Array;
  classOf: Uint32Array;
}

/** The table is at most two thirds full. */
const SLOTS_A_NODE = 1.5;
const HASH = 0x9e3779b1;

/** Null if the snapshot's IDs do not last. */
export function knownIds({ graph }: Snapshot, classes: Classes, shallowSize: Sizes): KnownIds | null {
  const space = readProvenance(graph.header)?.ids;
  if (space === undefined) return null;
  const slots = 1 << Math.ceil(Math.log2(SLOTS_A_NODE * graph.nodeCount + 1));
  const known = {
    space,
    names: classes.names,
    ids: new Uint32Array(slots),
    classOf: new Uint32Array(slots),
  };
  for (let node = 0; node < graph.nodeCount; node++) {
    if (shallowSize[node] === 0) continue;
    const slot = slotOf(known.ids, graph.nodeId[node]);
    known.ids[slot] = graph.nodeId[node];
    known.classOf[slot] = classes.classOf[node];
  }
  return known;
}

/**
 * Returns, by the name of a class, how many of its instances in the first snapshot are in this one too; null if the IDs of
 * both have nothing to do with each other.
 */
export function keptInstances(
  first: KnownIds | null,
  { graph }: Snapshot,
  { classOf, names }: Classes,
  shallowSize: Sizes,
): Map<string, number> | null {
  if (first === null || readProvenance(graph.header)?.ids !== first.space) return null;
  const counts = new Float64Array(names.length);
  for (let node = 0; node < graph.nodeCount; node++) {
    if (shallowSize[node] === 0) continue;
    const slot = slotOf(first.ids, graph.nodeId[node]);
    if (first.ids[slot] === 0) continue;
    if (first.names[first.classOf[slot]] === names[classOf[node]]) counts[classOf[node]]++;
  }
  const kept = new Map<string, number>();
  names.forEach((name, at) => kept.set(name, (kept.get(name) ?? 0) + counts[at]));
  return kept;
}

/** Where an ID is, or belongs. */
function slotOf(ids: Uint32Array, id: number): number {
  const mask = ids.length - 1;
  let slot = (Math.imul(id, HASH) >>> 7) & mask;
  while (ids[slot] !== 0 && ids[slot] !== id) slot = (slot + 1) & mask;
  return slot;
}
