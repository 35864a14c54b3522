/**
 * Finds what makes each element heavy, if that is not the element itself: a socket that keeps a response by a
 * listener, a timer that keeps a request by its asynchronous context. Descends the dominator tree from a
 * typical element while one child retains most of it.
 */
import type { Graph } from '../graph/graph.js';
import { edgeLabel, internalTarget, rawName } from '../graph/names.js';
import { isContext } from '../paths/path-words.js';
import type { Snapshot } from '../graph/snapshot.js';
import { classWords, plainName } from './holder-words.js';
import type { SourcePositions } from '../paths/source-positions.js';
import { nearestPath } from './nearest-path.js';
import { sampleOf } from './sample.js';
import { isPartOfAnother } from './structure-tree.js';

export interface ElementWeight {
  /** `each keeps a RequestContext (4.1 kB) by kResourceStore`. */
  text: string;
  /** Edges from the element to the heavy object. */
  edges: number[];
}

const MAX_SAMPLED = 41;
/** Lighter elements are not described. */
const MIN_BYTES = 1000;
/** Minimum share of what the element retains. */
const MIN_SHARE = 0.35;
/** A class further down that retains this share of it is the better name. */
const AS_GOOD_AS_ALL = 0.7;
/**
 * Closer objects are an ordinary part of the element; but for an element of Node's they are what the program
 * gave it.
 */
const MIN_STEPS = 2;
const OF_NODE =
  /^(Timeout|Immediate|Socket|TLSSocket|TCP|MessagePort|Promise|AbortSignal|IncomingMessage|ServerResponse|ClientRequest|Listener|Server)$/;
const MAX_STEPS = 60;
const MAX_SEARCHED = 20_000;
const MAX_NAMES = 5;
/** Names of other classes say what they are; these stand for their owner. */
const UNTELLING =
  /^(Object|Array|Map|Set|WeakMap|Function|Promise|(Shared)?ArrayBuffer|Buffer|AsyncContextFrame|Listener|\w+Array|Generator|AsyncFunction|\(.*|system \/ .*|\{.*)$/s;

export function elementWeight(
  snapshot: Snapshot,
  positions: SourcePositions,
  members: readonly number[],
): ElementWeight | null {
  const { graph, retains, dominated, retainedSize, shallowSize } = snapshot;
  const element = typicalOf(snapshot, members);
  const whole = retainedSize[element];
  if (element < 0 || whole < MIN_BYTES) return null;
  const isElement = new Set(members);
  let heavy = -1;
  let telling = -1;
  let first = 0;
  for (let node = element, steps = 0; steps < MAX_STEPS; steps++) {
    let largest = -1;
    for (let at = dominated.first[node]; at < dominated.first[node + 1]; at++) {
      const child = dominated.nodes[at];
      if (largest < 0 || retainedSize[child] > retainedSize[largest]) largest = child;
    }
    // A chain of elements: each would be heavy because of all that follow.
    if (largest < 0 || retainedSize[largest] < MIN_SHARE * whole || isElement.has(largest)) break;
    node = largest;
    if (isPartOfAnother(graph, node, shallowSize)) continue;
    heavy = node;
    const isFirst = telling < 0 || retainedSize[node] >= AS_GOOD_AS_ALL * first;
    if (!isFirst || !isTelling(snapshot, node) || snapshot.className(node) === snapshot.className(element))
      continue;
    if (telling < 0) first = retainedSize[node];
    telling = node;
  }
  const target = telling >= 0 || heavy < 0 || !isData(snapshot, heavy) ? telling : heavy;
  if (target < 0 || retainedSize[target] < MIN_BYTES) return null;
  const edges = nearestPath(graph, element, {
    follows: (edge, to) => retains[edge] !== 0 && !isElement.has(to) && !isUntold(graph, edge),
    isTarget: (node) => node === target,
    maxNodes: MAX_SEARCHED,
  });
  const names = namesOf(snapshot, edges);
  const least = OF_NODE.test(snapshot.className(element)) ? 1 : MIN_STEPS;
  if (names.length < least) return null;
  const what = thingWords(classWords(snapshot, positions, target));
  return {
    text: `each keeps ${what} (${inUnits(retainedSize[target])}) by ${short(names).join('.')}`,
    edges,
  };
}

function isTelling(snapshot: Snapshot, node: number): boolean {
  const { graph } = snapshot;
  const type = graph.nodeTypes[graph.nodeType[node]];
  return (type === 'object' || type === 'native') && !UNTELLING.test(snapshot.className(node));
}

/** Tells whether a node is text or bytes, which are heavy by themselves. */
function isData({ graph }: Snapshot, node: number): boolean {
  return (
    /string$/.test(graph.nodeTypes[graph.nodeType[node]]) || /ArrayBufferData$/.test(rawName(graph, node))
  );
}

/** Returns the element with the median retained size, so that a few light ones do not count. */
function typicalOf({ retainedSize }: Snapshot, members: readonly number[]): number {
  const sample = sampleOf(members, MAX_SAMPLED).sort((a, b) => retainedSize[a] - retainedSize[b]);
  const half = sample.reduce((sum, node) => sum + retainedSize[node], 0) / 2;
  let sum = 0;
  return sample.find((node) => (sum += retainedSize[node]) >= half) ?? -1;
}

function isUntold(graph: Graph, edge: number): boolean {
  const label = edgeLabel(graph, edge);
  return label === '__proto__' || label === 'map' || label === 'constructor' || label === 'shared';
}

function isStep(graph: Graph, edge: number): boolean {
  const type = graph.edgeTypes[graph.edgeType[edge]];
  return type === 'property' || type === 'context';
}

/** Returns the names of properties and variables, and functions as `onError()`. */
function namesOf({ graph }: Snapshot, edges: readonly number[]): string[] {
  const names: string[] = [];
  for (const edge of edges) {
    const to = graph.edgeTo[edge];
    if (graph.nodeTypes[graph.nodeType[to]] === 'closure') {
      const bound = internalTarget(graph, to, 'bound_function');
      const name = rawName(graph, bound < 0 ? to : bound);
      if (isStep(graph, edge)) names.push(plainName(edgeLabel(graph, edge)));
      const before = names.at(-1);
      // A bound function, and then what it was bound to.
      if (name !== '' && before !== name && before !== `${name}()`) names.push(`${name}()`);
    } else if (isStep(graph, edge) && !isContext(graph, to)) names.push(plainName(edgeLabel(graph, edge)));
  }
  return names;
}

function short(names: string[]): string[] {
  if (names.length <= MAX_NAMES) return names;
  return [...names.slice(0, MAX_NAMES - 2), '…', ...names.slice(-1)];
}

function thingWords(className: string): string {
  if (/string\)$/.test(className)) return 'a string';
  if (className.startsWith('variables')) return className;
  if (className === 'system / JSArrayBufferData') return 'memory of a buffer';
  if (className.startsWith('(')) return 'data';
  if (className.startsWith('{')) return className;
  return `${/^[aeiou]/i.test(className) ? 'an' : 'a'} ${className}`;
}

function inUnits(bytes: number): string {
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB`;
  return bytes >= 1e4 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e3).toFixed(1)} kB`;
}
