/**
 * Finds the places of each redacted name in the program's structure: what it names, what holds that, and what
 * is below. Two captures of one process agree on those, but not on the hash of the name.
 */
import type { Graph } from '../graph/graph.js';
import { typeIndex } from '../graph/graph.js';
import { MASKED_NAME, MASKED_NAME_BEGINNING } from '../redact/masked-text.js';
import type { Snapshot } from '../graph/snapshot.js';
import { edgesFromDominators, isPartOfAnother } from './structure-tree.js';

export interface NamePlace {
  /** Index into the strings of the snapshot. */
  index: number;
  text: string;
  /** Length of the name in UTF-16 units. */
  units: number;
  /** Hashes of its places, each of one observation. */
  features: ReadonlySet<number>;
  /** The first edge or node with this name: names of one object are in the order of its properties. */
  order: number;
  /** Number of properties of the first object with this name. */
  siblings: number;
  /** Bytes that everything with this name retains. */
  bytes: number;
}

/** An object with more properties is used as a map: its names are keys, not structure. */
const MAX_FIELDS = 24;
/** A name is represented by the smallest of its features (Broder's bottom-k sketch, 1997). */
const MAX_FEATURES = 48;
/** How many uses of a name are examined. */
const MAX_USES = 256;
const MAX_CHILDREN = 16;
/** How many dominators each feature looks up from the object that has the name. */
const STEPS_UP = [0, 2, 5];

/** Returns the redacted names that are part of the program's structure, without keys. */
export function namePlaces(snapshot: Snapshot): NamePlace[] {
  const { graph, retainedSize } = snapshot;
  const indexes = graph.strings.beginningWith(MASKED_NAME_BEGINNING);
  if (indexes.length === 0) return [];
  const isMasked = new Uint8Array(graph.strings.count);
  for (const index of indexes) isMasked[index] = 1;
  const found = new Map<number, Found>();
  const surroundings = surroundingsOf(snapshot, isMasked);
  const { nodeCount, nodeName, nodeType, nodeTypes, firstEdge, edgeName, edgeType, edgeTypes, edgeTo } =
    graph;
  const named = typeSet(nodeTypes, [
    'object',
    'closure',
    'code',
    'symbol',
    'native',
    'hidden',
    'object shape',
  ]);
  const numbered = typeSet(edgeTypes, ['element', 'hidden']);
  const property = typeIndex(edgeTypes, 'property');
  /** Counts by type: the edges of a node, and those of them seen so far. */
  const ofType = new Uint32Array(256);
  const before = new Uint32Array(256);

  function use(index: number, at: number, siblings: number, bytes: number): Found {
    let place = found.get(index);
    if (place === undefined) {
      place = { uses: 0, features: [], order: at, siblings, bytes: 0 };
      found.set(index, place);
    }
    place.uses++;
    place.bytes += bytes;
    return place;
  }

  for (let node = 0; node < nodeCount; node++) {
    const from = firstEdge[node];
    const end = firstEdge[node + 1];
    if (named[nodeType[node]] === 1 && isMasked[nodeName[node]] === 1) {
      const place = use(nodeName[node], from, 0, retainedSize[node]);
      if (place.uses <= MAX_USES) addAll(place, surroundings.ofNode(node));
    }
    let any = false;
    for (let edge = from; edge < end; edge++) {
      any ||= numbered[edgeType[edge]] === 0 && isMasked[edgeName[edge]] === 1;
    }
    if (!any) continue;
    ofType.fill(0);
    for (let edge = from; edge < end; edge++) ofType[edgeType[edge]]++;
    before.fill(0);
    for (let edge = from; edge < end; edge++) {
      const type = edgeType[edge];
      const at = before[type]++;
      if (numbered[type] === 1 || isMasked[edgeName[edge]] === 0) continue;
      if (type === property && ofType[type] > MAX_FIELDS) continue;
      const place = use(edgeName[edge], edge, ofType[type], retainedSize[edgeTo[edge]]);
      if (place.uses <= MAX_USES) addAll(place, surroundings.ofEdge(node, edge, at, ofType[type]));
    }
  }
  return [...found].map(([index, { features, order, siblings, bytes }]) => {
    const text = graph.strings.get(index);
    const units = Number(MASKED_NAME.exec(text)?.groups?.['units'] ?? 0);
    return { index, text, units, features: new Set(features), order, siblings, bytes };
  });
}

interface Found {
  uses: number;
  /** Ascending. */
  features: number[];
  order: number;
  siblings: number;
  bytes: number;
}

function addAll({ features }: Found, more: Iterable<number>): void {
  for (const feature of more) {
    if (features.length === MAX_FEATURES && feature >= features[MAX_FEATURES - 1]) continue;
    let at = features.length;
    while (at > 0 && features[at - 1] > feature) at--;
    if (at > 0 && features[at - 1] === feature) continue;
    features.splice(at, 0, feature);
    if (features.length > MAX_FEATURES) features.pop();
  }
}

interface Surroundings {
  ofNode(node: number): number[];
  /** @param at index of the edge among the `count` edges of its type */
  ofEdge(from: number, edge: number, at: number, count: number): number[];
}

/** Computes features from what surrounds a name. Redacted names in it count by their length. */
function surroundingsOf(snapshot: Snapshot, isMasked: Uint8Array): Surroundings {
  const { graph, dominator, shallowSize } = snapshot;
  const { nodeName, nodeType, nodeTypes, firstEdge, edgeName, edgeType, edgeTypes, edgeTo, strings } = graph;
  const holding = edgesFromDominators(snapshot);
  const forms = new Map<number, number>();
  const named = typeSet(nodeTypes, ['object', 'closure', 'code', 'symbol', 'native', 'synthetic']);
  const numbered = typeSet(edgeTypes, ['element', 'hidden']);
  const positions = positionsOf(graph);

  function formOf(index: number): number {
    let form = forms.get(index);
    if (form === undefined) {
      const text = strings.get(index);
      form = hashOf(
        isMasked[index] === 1 ? (MASKED_NAME.exec(text)?.groups?.['units'] ?? '') : withoutDigits(text),
      );
      forms.set(index, form);
    }
    return form;
  }

  function classOf(node: number): number {
    const type = nodeType[node];
    if (named[type] === 0) return mix(1, type);
    return mix(mix(mix(2, type), formOf(nodeName[node])), positions(node));
  }

  function nameOf(edge: number): number {
    if (edge >= edgeName.length) return 3;
    return mix(edgeType[edge], numbered[edgeType[edge]] === 1 ? 4 : formOf(edgeName[edge]));
  }

  /** For each of {@link STEPS_UP}, hashes how a node is held, up to that many dominators above it. */
  function above(node: number): number[] {
    const found: number[] = [];
    let hash = classOf(node);
    for (let steps = 0; steps <= STEPS_UP[STEPS_UP.length - 1]; steps++) {
      if (STEPS_UP.includes(steps)) found.push(hash);
      if (node === graph.root) continue;
      hash = mix(mix(hash, nameOf(holding[node])), classOf(dominator[node]));
      node = dominator[node];
    }
    return found;
  }

  function below(node: number): number[] {
    const found: number[] = [];
    const collect = (of: number, isDeeper: boolean): void => {
      const end = Math.min(firstEdge[of + 1], firstEdge[of] + MAX_CHILDREN);
      for (let edge = firstEdge[of]; edge < end; edge++) {
        const to = edgeTo[edge];
        if (!isDeeper && isPartOfAnother(graph, to, shallowSize)) collect(to, true);
        else found.push(mix(nameOf(edge), classOf(to)));
      }
    };
    collect(node, false);
    return found;
  }

  function ofNode(node: number): number[] {
    const own = mix(5, classOf(node));
    return [own, ...above(node).map((hash) => mix(own, hash)), ...below(node).map((hash) => mix(6, hash))];
  }

  function ofEdge(from: number, edge: number, at: number, count: number): number[] {
    const to = edgeTo[edge];
    const own = mix(mix(7, edgeType[edge]), classOf(to));
    const holders = above(from).map((hash) => mix(own, hash));
    // A table that got more properties may have a different order.
    const ordinal = mix(mix(mix(8, at), count), holders[0]);
    return [...holders, ordinal, ...below(to).map((hash) => mix(9, hash))];
  }

  return { ofNode, ofEdge };
}

/**
 * Returns the position of a function's code, or of an object's class, as one number; 0 if V8 wrote no
 * position.
 */
function positionsOf({ locations: { node: nodes, line, column } }: Graph): (node: number) => number {
  return (node) => {
    let low = 0;
    let high = nodes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (nodes[middle] < node) low = middle + 1;
      else high = middle;
    }
    return nodes[low] === node ? mix(mix(10, line[low]), column[low]) : 0;
  };
}

function typeSet(types: readonly string[], names: readonly string[]): Uint8Array {
  const set = new Uint8Array(256);
  for (const name of names) set[typeIndex(types, name)] = 1;
  set[255] = 0;
  return set;
}

/** Names without digits, like in structure-tree.ts. */
const withoutDigits = (text: string): string => text.replaceAll(/\d+/g, '#');

/** FNV-1a (Fowler, Noll and Vo), over UTF-16 units. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** The finalizer of MurmurHash3 (Appleby) over both. */
function mix(hash: number, value: number): number {
  let mixed = Math.imul(hash, 0x9e3779b1) ^ value;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
