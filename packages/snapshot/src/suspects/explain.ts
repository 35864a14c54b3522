/** From a place where something accumulates to a suspect: the holder, the path to it, the source, the words. */
import { edgeLabel, rawName } from '../names.js';
import { stepsOf, waysIn, type PathStep } from '../retaining-path.js';
import { UNREACHED, type RetainingPaths } from '../retaining-paths.js';
import type { Snapshot } from '../snapshot.js';
import { ORIGIN, originOf, type SourcePositions } from '../source-positions.js';
import { LEAST_COUNT } from './growing-places.js';
import { holdersOf, pathThrough, type Held } from './holders.js';
import { kindOf, type Evidence } from './kinds.js';
import { isPartOfAnother, type StructureTree } from './structure-tree.js';
import type { Holder, SourceLocation, Suspect } from './suspect.js';
import { anchor, isContext, isOfProgram, pathInWords } from '../path-words.js';

/** A place, and how much there is of it. */
export interface Accumulation {
  place: number;
  inSize: boolean;
  counts: number[];
  /** More than before, or with one snapshot all there are. */
  count: number;
  bytes: number;
}

const EXAMPLES = 5;
const LOCATIONS = 8;
const SAMPLED = 60;
/** A suspect's order: bytes, by how much of it is the program's own doing. */
const STANDING = { program: 1, library: 0.8, node: 0.35, unknown: 0.25 };

/**
 * Suspects, the most suspicious first. `share` turns bytes into a part of the whole, `words` makes the
 * beginning of the summary.
 */
export function explain(
  snapshot: Snapshot,
  tree: StructureTree,
  placeOf: Uint32Array,
  accumulations: Accumulation[],
  total: number,
  verb: 'more' | 'kept',
): Suspect[] {
  if (accumulations.length === 0) return [];
  const { positions, paths } = waysIn(snapshot);
  const standings = new Map<number, number>();
  const standing = (node: number): number => {
    let known = standings.get(node);
    if (known === undefined) {
      known = paths.cost[node] === UNREACHED ? 0.1 : standingOf(snapshot, positions, paths.edgesTo(node));
      standings.set(node, known);
    }
    return known;
  };
  const held = holdersOf(
    snapshot,
    placeOf,
    accumulations.map(({ place }) => place),
    standing,
  );
  const byHolder = new Map<number, { held: Held; accumulation: Accumulation }[]>();
  held.forEach((found, index) => {
    const accumulation = accumulations[index];
    const { place, inSize, count } = accumulation;
    const holder = inSize ? (found.members[0] ?? found.holder) : found.holder;
    // A few things that Node itself has more of are no program's leak.
    if (count < LEAST_COUNT && standing(holder) < STANDING.library && verb === 'more') return;
    const inCollection = tree.edgeName[place] === '[]';
    const example = inSize ? holder : inCollection ? found.example : nearestOf(found.members, paths);
    const group = { held: { ...found, holder, example }, accumulation };
    byHolder.set(holder, [...(byHolder.get(holder) ?? []), group]);
  });

  const suspects = [...byHolder].map(([holder, groups]) => {
    const { held: chief, accumulation } = groups.reduce((best, group) =>
      telling(tree, group.accumulation) > telling(tree, best.accumulation) ? group : best,
    );
    const bytes = groups.reduce((sum, group) => sum + group.accumulation.bytes, 0);
    const edges = pathThrough(snapshot, paths, chief);
    const suspect = describe(snapshot, positions, tree, chief, accumulation, edges, verb);
    suspect.bytes = Math.round(bytes);
    suspect.share = total > 0 ? Math.min(1, bytes / total) : 0;
    return { suspect, score: bytes * standing(holder) * steadiness(accumulation.counts) };
  });
  return suspects
    .sort((a, b) => b.score - a.score)
    .map(({ suspect }, index) => ({ ...suspect, rank: index + 1 }));
}

/** Keys are strings and often large, but say less than what is kept by them. */
const STRINGS_TELL = 0.4;

function telling({ className }: StructureTree, { place, bytes }: Accumulation): number {
  return /string\)$/.test(className[place]) ? STRINGS_TELL * bytes : bytes;
}

/** In a chain or a tree, what to begin with. */
function nearestOf(members: number[], { cost }: RetainingPaths): number {
  return members.reduce((best, node) => (cost[node] < cost[best] ? node : best), members[0]);
}

/** 1 for the same growth in each step; less the more they differ. */
function steadiness(counts: number[]): number {
  const steps = counts.slice(1).map((count, at) => count - counts[at]);
  if (steps.length < 2) return 1;
  return 0.5 + (0.5 * Math.max(0, Math.min(...steps))) / Math.max(1, ...steps);
}

/** Whose code the way leads through last. */
function standingOf(snapshot: Snapshot, positions: SourcePositions, edges: number[]): number {
  let best: number = STANDING.unknown;
  for (const edge of edges) {
    const node = snapshot.graph.edgeTo[edge];
    const found = anchor(snapshot.graph, positions, node);
    if (found) {
      const isLibrary = originOf(found.script) === ORIGIN.library;
      best = Math.max(best, isLibrary ? STANDING.library : STANDING.program);
    } else if (positions.origin[node] === ORIGIN.node) best = Math.max(best, STANDING.node);
  }
  return best;
}

function describe(
  snapshot: Snapshot,
  positions: SourcePositions,
  tree: StructureTree,
  { members, holder, example }: Held,
  { place, inSize, counts, count, bytes }: Accumulation,
  edges: number[],
  verb: 'more' | 'kept',
): Suspect {
  const { graph } = snapshot;
  const end = edges.length > 0 ? graph.edgeTo[edges[edges.length - 1]] : example;
  const className = snapshot.className(end);
  const holderClass = snapshot.className(holder);
  const path = stepsOf(snapshot, edges);
  const locations = locationsOf(snapshot, positions, edges, members);
  const { kind, advice } = kindOf({
    className:
      className === '(sliced string)' ? className : isFunctionPlace(tree, place) ? 'Function' : className,
    holderClass,
    edges: path.map(({ edge }) => edge),
    classes: path.map(({ name }) => name),
    inSize,
    linked: isLinked(tree, place) || isLink(path),
    mostly: mostlyAt(tree, place),
  });
  const holderWords = holderOf(snapshot, positions, edges, holder);
  const thing = isContext(graph, end) ? 'sets of variables' : className;
  const what = inSize
    ? `${holderClass} grew`
    : `${count.toLocaleString('en')} ${verb === 'more' ? 'more ' : ''}${thing}`;
  const where = locations[0] ? ` (${placeBeside(holderWords.owner, locations[0])})` : '';
  return {
    rank: 0,
    title: `${what} in ${holderWords.name}${holderWords.name === holderWords.class ? '' : ` (${holderWords.class})`}`,
    kind,
    class: className,
    count,
    bytes,
    share: 0,
    holder: holderWords,
    path,
    pathText: withContent(snapshot, positions, pathInWords(snapshot, positions, edges, holder), members, end),
    locations,
    examples: members.slice(-EXAMPLES).map((node) => graph.nodeId[node]),
    counts,
    edges: null,
    weight: null,
    limit: null,
    parts: [],
    advice: `${advice[0].toUpperCase()}${advice.slice(1)}.`,
    summary: `${what} in ${holderWords.name} of ${holderWords.owner}${where}: ${advice}.`,
  };
}

function isFunctionPlace({ className }: StructureTree, place: number): boolean {
  return className[place].endsWith('()');
}

/** What is at a place hangs below others like it. */
function isLinked({ parent, className, edgeName }: StructureTree, place: number): boolean {
  const above = parent[place];
  return (
    above !== 0 &&
    className[above] === className[place] &&
    edgeName[place] !== '[]' &&
    !className[place].startsWith('system / ')
  );
}

/** A path that ends in two of a class, one a property of the other. */
function isLink(path: PathStep[]): boolean {
  const [before, last] = path.slice(-2);
  if (path.length < 2 || before.name !== last.name) return false;
  return !/^(Object|Array|Map|Set)$|\(\)$/.test(last.name) && !last.edge.startsWith('[');
}

const MOST_OF_IT = 0.6;

/** Of what the bytes at a place and below it are, in the last snapshot. */
function mostlyAt({ parent, className, columns }: StructureTree, top: number): Evidence['mostly'] {
  const { ownBytes, bytes } = columns[columns.length - 1];
  const inside = new Uint8Array(parent.length);
  inside[top] = 1;
  let buffers = 0;
  let sliced = 0;
  for (let place = top; place < parent.length; place++) {
    inside[place] ||= inside[parent[place]];
    if (!inside[place]) continue;
    if (className[place] === 'system / JSArrayBufferData') buffers += ownBytes[place];
    else if (className[parent[place]] === '(sliced string)') sliced += ownBytes[place];
  }
  if (buffers > MOST_OF_IT * bytes[top]) return 'buffers';
  return sliced > MOST_OF_IT * bytes[top] ? 'sliced strings' : '';
}

/** The script is not said twice. */
function placeBeside(owner: string, { script, line }: SourceLocation): string {
  return owner.endsWith(script) ? `line ${line}` : `${script}:${line}`;
}

function holderOf(snapshot: Snapshot, positions: SourcePositions, edges: number[], holder: number): Holder {
  const { graph } = snapshot;
  const at = edges.findIndex((edge) => graph.edgeTo[edge] === holder);
  let name = '';
  let owner = '';
  for (let index = at; index >= 0; index--) {
    const edge = edges[index];
    const node = graph.edgeTo[edge];
    const found = anchor(graph, positions, node);
    const type = graph.edgeTypes[graph.edgeType[edge]];
    if (name === '' && (type === 'property' || type === 'context') && !isContext(graph, node))
      name = edgeLabel(graph, edge);
    if (found && (index < at || isContext(graph, node))) {
      owner = found.text;
      break;
    }
  }
  return {
    name: name || snapshot.className(holder),
    class: snapshot.className(holder),
    owner: owner || (at > 0 ? snapshot.className(graph.edgeTo[edges[at - 1]]) : 'the process'),
    id: graph.nodeId[holder],
    instances: [],
    entries: [],
  };
}

/** The functions and constructors of what accumulates, then those on the way there. */
function locationsOf(
  snapshot: Snapshot,
  positions: SourcePositions,
  edges: number[],
  members: number[],
): SourceLocation[] {
  const { graph } = snapshot;
  const counted = new Map<string, { location: SourceLocation; count: number }>();
  const note = (node: number, weight: number): void => {
    const found = positions.of(node);
    if (!found || !isOfProgram(found.script)) return;
    // The body of a module is where everything in it is made.
    if (found.line === 1 && found.column === 1) weight *= 0.01;
    const location = {
      function: found.name,
      script: found.script,
      line: found.line,
      column: found.column,
      package: null,
    };
    const key = `${location.script}:${location.line}:${location.column}`;
    const known = counted.get(key);
    if (known) known.count += weight;
    else counted.set(key, { location, count: weight });
  };
  for (const node of insideOf(snapshot, sample(members, SAMPLED))) note(node, 1);
  for (const edge of edges.slice().reverse()) note(graph.edgeTo[edge], 0.5);
  for (const edge of edges) {
    if (!isContext(graph, graph.edgeTo[edge])) continue;
    // Functions that share the variables of the way: where they are changed.
    for (const node of functionsWith(snapshot, graph.edgeTo[edge])) note(node, 0.1);
  }
  return [...counted.values()]
    .sort((a, b) => b.count - a.count)
    .slice(0, LOCATIONS)
    .map(({ location }) => location);
}

const MOST_INSIDE = 400;

/** The nodes given and what they dominate, a few steps deep. */
function insideOf({ dominated: { first, nodes } }: Snapshot, start: number[]): number[] {
  const found = [...start];
  for (let head = 0; head < found.length && found.length < start.length + MOST_INSIDE; head++) {
    const node = found[head];
    for (let at = first[node]; at < Math.min(first[node + 1], first[node] + 20); at++) found.push(nodes[at]);
  }
  return found;
}

function functionsWith({ graph }: Snapshot, context: number): number[] {
  const found: number[] = [];
  for (
    let edge = graph.firstEdge[context];
    edge < graph.firstEdge[context + 1] && found.length < 20;
    edge++
  ) {
    const node = graph.edgeTo[edge];
    if (graph.nodeTypes[graph.nodeType[node]] === 'closure') found.push(node);
  }
  return found;
}

/** What an anonymous thing calls says more than its class: `Timeout → _onTimeout: poll()`. */
function withContent(
  snapshot: Snapshot,
  positions: SourcePositions,
  text: string,
  members: number[],
  end: number,
): string {
  const { graph } = snapshot;
  if (graph.nodeTypes[graph.nodeType[end]] === 'closure') return text;
  const names = new Map<string, number>();
  for (const node of insideOf(snapshot, sample(members, 20))) {
    if (graph.nodeTypes[graph.nodeType[node]] !== 'closure' || !isOfProgram(positions.script(node))) continue;
    const name = rawName(graph, node);
    if (name !== '') names.set(name, (names.get(name) ?? 0) + 1);
  }
  const calls = [...names].sort((a, b) => b[1] - a[1]).slice(0, 3);
  if (calls.length === 0 || isPartOfAnother(graph, end, snapshot.shallowSize)) return text;
  return `${text} → ${calls.map(([name]) => `${name}()`).join(', ')}`;
}

function sample(nodes: number[], most: number): number[] {
  const step = Math.max(1, Math.ceil(nodes.length / most));
  return nodes.filter((_, at) => at % step === 0);
}
