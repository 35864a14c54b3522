/**
 * Finds what holds an accumulation. Usually the dominator; but if two collections hold the same objects, the
 * dominator is only what those have in common. Then the collection that refers to most of the objects is the
 * holder.
 */
import { typeIndex, type Graph } from '../graph/graph.js';
import type { RetainingPaths } from '../paths/retaining-paths.js';
import type { Snapshot } from '../graph/snapshot.js';
import { deepReferrers } from './deep-referrers.js';
import { nearestPath } from './nearest-path.js';
import { isPartOfAnother } from './structure-tree.js';

/** Nodes that accumulate, and what refers to them. */
export interface Held {
  members: number[];
  /** The node that holds them. */
  holder: number;
  /** Whether the holder leads to them only by weak references, while others keep them alive. */
  isWeak: boolean;
  /** One of them that the holder refers to, directly or through a few others. */
  example: number;
}

/** A collection that refers to a smaller share of them is not their holder. */
const MIN_COVERAGE = 0.3;
const MAX_GROUPS = 250;

/** Each search takes a few passes over all references, so only the largest accumulations get one. */
const MAX_SEARCHES = 8;
const MIN_FOR_SEARCH = 5;

/**
 * Returns the holder for each place. `standing` rates how well a reader would recognize a candidate, 0 to 1;
 * if that is less than `recognized`, the search continues upwards for what the program itself holds them by.
 */
export function holdersOf(
  snapshot: Snapshot,
  placeOf: Uint32Array,
  places: number[],
  standing: (node: number) => number,
  recognized: number,
): Held[] {
  const chosen = places.slice(0, MAX_GROUPS);
  const groups = groupsOf(snapshot, placeOf, chosen);
  const referring = referrers(snapshot, groups);
  let searches = 0;
  return chosen.map((_, group) => {
    const members = groups.members[group];
    const dominating = dominatorOf(snapshot, placeOf, members);
    let holder = dominating;
    let best = 0;
    let isWeak = false;
    for (const { node, count } of referring[group]) {
      const coverage = Math.min(1, count / members.length);
      if (coverage < MIN_COVERAGE) continue;
      const score = coverage * standing(node) * (node === dominating ? 1.5 : 1);
      if (score > best) {
        best = score;
        holder = node;
      }
    }
    if (standing(holder) < recognized && members.length >= MIN_FOR_SEARCH && searches++ < MAX_SEARCHES) {
      const isRecognized = (node: number): boolean => standing(node) >= recognized;
      const strong = deepReferrers(snapshot, members, isRecognized, false);
      isWeak = strong.length === 0;
      const deep = isWeak ? deepReferrers(snapshot, members, isRecognized, true) : strong;
      if (deep.length > 0) holder = deep[0].node;
    }
    return { members, holder, isWeak, example: members[members.length >> 1] };
  });
}

interface Groups {
  /** The group's index plus 1, or 0. */
  groupOf: Uint8Array;
  members: number[][];
}

function groupsOf({ graph, shallowSize }: Snapshot, placeOf: Uint32Array, places: number[]): Groups {
  const groupAt = new Map(places.map((place, group) => [place, group]));
  const groupOf = new Uint8Array(placeOf.length);
  const members = places.map((): number[] => []);
  for (let node = 0; node < placeOf.length; node++) {
    const group = groupAt.get(placeOf[node]);
    if (group === undefined || isPartOfAnother(graph, node, shallowSize)) continue;
    groupOf[node] = group + 1;
    members[group].push(node);
  }
  return { groupOf, members };
}

function referrers(
  { graph, retains, shallowSize, dominator }: Snapshot,
  { groupOf, members }: Groups,
): { node: number; count: number }[][] {
  const { nodeCount, firstEdge, edgeTo, nodeType, nodeTypes } = graph;
  const found = members.map((): { node: number; count: number }[] => []);
  const counts = new Uint32Array(members.length + 1);
  const synthetic = typeIndex(nodeTypes, 'synthetic');
  for (let node = 0; node < nodeCount; node++) {
    const end = firstEdge[node + 1];
    let any = false;
    for (let edge = firstEdge[node]; edge < end; edge++) {
      const group = groupOf[edgeTo[edge]];
      if (group === 0 || !retains[edge] || groupOf[node] === group) continue;
      counts[group]++;
      any = true;
    }
    if (!any) continue;
    for (let group = 1; group <= members.length; group++) {
      const count = counts[group];
      counts[group] = 0;
      if (count < 2 || count < 0.02 * members[group - 1].length || nodeType[node] === synthetic) continue;
      let owner = node;
      while (owner !== graph.root && isPartOfAnother(graph, owner, shallowSize)) owner = dominator[owner];
      found[group - 1].push({ node: owner, count });
    }
  }
  return found.map((nodes) => nodes.sort((a, b) => b.count - a.count).slice(0, 20));
}

/** Returns what dominates most of them, above their place. */
function dominatorOf(
  { graph, dominator, shallowSize }: Snapshot,
  placeOf: Uint32Array,
  members: number[],
): number {
  const votes = new Map<number, number>();
  const step = Math.max(1, Math.floor(members.length / 500));
  let best = graph.root;
  for (let at = 0; at < members.length; at += step) {
    const place = placeOf[members[at]];
    let node = dominator[members[at]];
    for (let steps = 0; node !== graph.root && steps < 1e6; steps++) {
      if (placeOf[node] !== place && !isPartOfAnother(graph, node, shallowSize)) break;
      node = dominator[node];
    }
    const count = (votes.get(node) ?? 0) + 1;
    votes.set(node, count);
    if (count > (votes.get(best) ?? 0)) best = node;
  }
  return best;
}

/**
 * Returns the edges from the root via the holder to a member: the most meaningful path to the holder, then
 * the shortest.
 */
export function pathThrough(
  snapshot: Snapshot,
  paths: RetainingPaths,
  { holder, members, example, isWeak }: Held,
): number[] {
  const toHolder = paths.edgesTo(holder);
  if (holder === example) return toHolder;
  const direct = paths.edgesTo(example);
  if (toHolder.every((edge, at) => direct[at] === edge) && toHolder.length > 0) return direct;
  return [
    ...toHolder,
    ...nearest(snapshot.graph, isWeak ? null : snapshot.retains, holder, new Set(members)),
  ];
}

const SEARCHED = 300_000;

function nearest(graph: Graph, retains: Uint8Array | null, start: number, members: Set<number>): number[] {
  const { edgeName, edgeType, edgeTypes, strings } = graph;
  const untold = new Set(strings.findAll(['__proto__', 'constructor', 'prototype', 'map']).keys());
  const numbered = new Set(['element', 'hidden'].map((name) => typeIndex(edgeTypes, name)));
  return nearestPath(graph, start, {
    follows: (edge) =>
      (retains === null || retains[edge] !== 0) &&
      (numbered.has(edgeType[edge]) || !untold.has(edgeName[edge])),
    isTarget: (node) => members.has(node),
    maxNodes: SEARCHED,
  });
}
