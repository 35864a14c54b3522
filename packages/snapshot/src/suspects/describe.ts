/**
 * Describes one suspect: what accumulates, what holds it, where in the source to look, and the sentences
 * about it.
 */
import { anchor, isContext, isOfProgram, pathInWords } from '../paths/path-words.js';
import { edgeLabel, internalTarget, rawName } from '../graph/names.js';
import { stepsOf, type PathStep } from '../paths/retaining-path.js';
import { sourceOf, type RetainingPaths } from '../paths/retaining-paths.js';
import type { Snapshot } from '../graph/snapshot.js';
import type { SourcePositions } from '../paths/source-positions.js';
import { callersOf } from './callers.js';
import { elementWeight } from './element-weight.js';
import { emitterOf } from './emitters.js';
import type { Accumulation } from './accumulation.js';
import { constructorName, holderWords, isSynthetic, ofOpenHandles, plainName } from './holder-words.js';
import { pathThrough, type Held } from './holders.js';
import { kindOf, type Evidence, type Told } from './kinds.js';
import { hasLimitField } from './limit-field.js';
import { CJS_COPIES, moduleCopies } from './module-copies.js';
import { addonsText, type NativeAddon } from './native-addons.js';
import { nodeStructureOf } from './node-structures.js';
import type { PackageOf } from './packages.js';
import { sampleOf } from './sample.js';
import { insideOf, locationsOf } from './source-locations.js';
import { isPartOfAnother, type StructureTree } from './structure-tree.js';
import type { Holder, SourceLocation, Suspect } from './suspect.js';
import { callbackName, callbacksOf, type Callback } from './user-code.js';
import { adviceOf, summaryOf, titleOf, type Subject, type Verb } from './wording.js';

const EXAMPLES = 5;
/** A suspect's rank is its bytes, weighted by how much of it the program itself causes. */
export const STANDING = { program: 1, library: 0.8, node: 0.35, unknown: 0.25, nameless: 0.1 };

/** What describing the suspects of a snapshot needs. */
export interface Context {
  snapshot: Snapshot;
  tree: StructureTree;
  placeOf: Uint32Array;
  positions: SourcePositions;
  paths: RetainingPaths;
  packageOf: PackageOf;
  addons: () => NativeAddon[];
  verb: Verb;
}

export interface Described {
  suspect: Suspect;
  subject: Subject;
  told: Told;
  /** See {@link Draft.cause}. */
  cause: string;
  isListeners: boolean;
}

/** Describes a suspect. `known` is how well a reader recognizes the holder, see {@link STANDING}. */
// eslint-disable-next-line max-lines-per-function -- a list of facts, one after the other
export function describe(context: Context, held: Held, accumulation: Accumulation, known: number): Described {
  const { snapshot, positions, tree, packageOf, verb } = context;
  const { graph } = snapshot;
  const { members, holder, example } = held;
  const { place, inSize, counts, count, bytes } = accumulation;
  const edges = pathThrough(snapshot, context.paths, held);
  const end = edges.length > 0 ? graph.edgeTo[edges[edges.length - 1]] : example;
  const className = constructorName(snapshot, end);
  const { native, ...words } = ofOpenHandles(snapshot, holderWords(snapshot, positions, edges, holder), end);
  const path = stepsOf(snapshot, edges);
  const near = edges.slice(1 + edges.findLastIndex((_, at) => isAnchorBefore(context, edges, at, holder)));
  const nearNames = near.map((edge) => plainName(edgeLabel(graph, edge)));
  const nearClasses = near.map((edge) => constructorName(snapshot, graph.edgeTo[edge]));
  const structure = nodeStructureOf(nearNames, nearClasses);
  const copies = moduleCopies(snapshot, members, nearClasses);
  const emitter = inSize ? null : emitterOf(snapshot, edges, holder);
  const weight = inSize || copies ? null : elementWeight(snapshot, positions, members);
  const isFunctions =
    !isContext(graph, end) &&
    (isFunctionPlace(tree, place) || graph.nodeTypes[graph.nodeType[end]] === 'closure');
  const isVague = known < STANDING.program;
  const callbacks = inSize || (isFunctions && !isVague) ? [] : callbacksOf(snapshot, positions, members);
  const evidence = evidenceOf(context, held, accumulation, {
    edges,
    path,
    className,
    holderClass: words.class,
    native,
  });
  const copied = copies?.system === 'cjs' ? CJS_COPIES : null;
  const told = withAddons(context, copied ?? structure ?? kindOf(evidence), native);
  const isListeners = emitter !== null && (isFunctions || told.kind === 'event-listeners');
  const telling = isVague || CALLED.has(told.kind) ? callbacks.slice(0, 3).map(({ node }) => node) : [];
  const locations = [
    ...locationsOf(snapshot, positions, packageOf, edges, members, [
      ...telling,
      ...(structure ? callersOf(snapshot, positions, structure.calls) : []),
      ...functionsOn(context, weight?.edges ?? []),
    ]),
    ...filesOf(context, native, copies).map((file) => fileLocation(context, file)),
  ];
  const holderFound: Holder = {
    ...words,
    id: graph.nodeId[holder],
    instances: inSize ? counts : instancesOf(context, holder),
    entries: counts,
  };
  const subject: Subject = {
    verb,
    count,
    className: isFunctions ? 'Function' : className,
    functionName: functionNameOf(context, end),
    calls: CALLED.has(told.kind) && !isFunctions ? callsOf(snapshot, callbacks) : '',
    inSize,
    holder: holderFound,
    native,
    emitter,
    structure: structure?.isOfObject && known >= STANDING.library ? null : structure,
    copies,
  };
  const title = titleOf(subject);
  const suspect: Suspect = {
    rank: 0,
    title,
    kind: told.kind,
    class: className,
    count,
    bytes,
    share: 0,
    holder: holderFound,
    path,
    pathText: withContent(snapshot, positions, pathInWords(snapshot, positions, edges, holder), members, end),
    locations,
    examples: members.slice(-EXAMPLES).map((node) => graph.nodeId[node]),
    counts,
    edges: null,
    weight: weight?.text ?? null,
    limit: null,
    parts: [],
    advice: adviceOf(told),
    summary: summaryOf(subject, title, locations[0], told),
  };
  return {
    suspect,
    subject,
    told,
    cause: causeOf(context, edges, held, { ...subject, structure }, counts),
    isListeners,
  };
}

/** Collects the evidence that determines the kind of an accumulation. */
function evidenceOf(
  context: Context,
  { holder }: Held,
  { place, inSize }: Accumulation,
  { edges, path, className, holderClass, native }: Way,
): Evidence {
  const { tree } = context;
  const isFunction = className !== '(sliced string)' && isFunctionPlace(tree, place);
  return {
    className: isFunction ? 'Function' : className,
    holderClass: holderClass.startsWith('variables') ? 'system / Context' : holderClass,
    edges: path.map(({ edge }) => plainName(edge)),
    classes: path.map(({ name }) => name),
    inSize,
    linked: isLinked(tree, place) || isLink(path),
    mostly: mostlyAt(tree, place),
    native,
    hasLimit: isLimited(context, edges, holder),
  };
}

/** The path to an accumulation, and its two ends. */
interface Way {
  edges: readonly number[];
  path: PathStep[];
  className: string;
  holderClass: string;
  native: Subject['native'];
}

/** Returns how many holders there are at the holder's place, in each snapshot. */
function instancesOf({ snapshot: { graph }, tree, placeOf }: Context, holder: number): number[] {
  const place = placeOf[holder];
  // If no property leads to it, others of its class share its place.
  if (isSynthetic(graph, holder) || tree.edgeName[place] === '') return [];
  return tree.columns.map((column) => column.count[place]);
}

/** Returns files of which no function is known: native addons, and modules that are loaded repeatedly. */
function filesOf({ addons }: Context, native: Subject['native'], copies: Subject['copies']): string[] {
  if (native === 'addon') return addons().map(({ path: file }) => file);
  return copies ? [copies.file] : [];
}

/** Kinds whose elements call something later: the called function shows where they come from. */
const CALLED = new Set([
  'timers',
  'abort-listeners',
  'message-ports',
  'native-references',
  'event-listeners',
  'sockets',
]);

function callsOf(snapshot: Snapshot, callbacks: readonly Callback[]): string {
  const first = callbacks.at(0);
  return first === undefined || first.share < 0.5 ? '' : callbackName(snapshot, first);
}

function functionNameOf({ snapshot: { graph }, positions }: Context, node: number): string {
  if (isContext(graph, node)) return positions.ofContext(node)?.name ?? '';
  if (graph.nodeTypes[graph.nodeType[node]] !== 'closure') return '';
  const bound = internalTarget(graph, node, 'bound_function');
  return rawName(graph, bound < 0 ? node : bound);
}

function functionsOn({ snapshot: { graph }, positions }: Context, edges: readonly number[]): number[] {
  return edges
    .map((edge) => graph.edgeTo[edge])
    .filter(
      (node) => graph.nodeTypes[graph.nodeType[node]] === 'closure' && isOfProgram(positions.script(node)),
    );
}

/** Tells whether the node at this step, on the way to the holder, belongs to the program. */
function isAnchorBefore(
  { snapshot: { graph }, positions }: Context,
  edges: readonly number[],
  at: number,
  holder: number,
): boolean {
  const held = edges.findIndex((edge) => graph.edgeTo[edge] === holder);
  return at < Math.max(held, 0) && anchor(graph, positions, graph.edgeTo[edges[at]]) !== null;
}

function isLimited({ snapshot }: Context, edges: readonly number[], holder: number): boolean {
  const { graph } = snapshot;
  if (hasLimitField(graph, holder)) return true;
  const at = edges.findIndex((edge) => graph.edgeTo[edge] === holder);
  if (at < 0) return false;
  const owner = sourceOf(graph, edges[at]);
  return graph.nodeTypes[graph.nodeType[owner]] === 'object' && hasLimitField(graph, owner);
}

function withAddons({ addons }: Context, told: Told, native: Subject['native']): Told {
  if (native !== 'addon') return told;
  const text = addonsText(addons());
  if (text === '') return told;
  return { ...told, todo: `${told.todo}. Native addons that are loaded: ${text}` };
}

/** Returns the location of a whole file, if no function in it is known. */
function fileLocation({ packageOf }: Context, script: string): SourceLocation {
  return { function: '', script, line: 1, column: 1, package: packageOf(script) };
}

/** Owner classes that say nothing: several collections of one owner then each have their own cause. */
const PLAIN_OWNER = /^(Object|Array|Map|Set|Function|Module|global.*|process|\(.*|\{.*|system \/ .*)$|\(\)$/s;

function causeOf(
  { snapshot }: Context,
  edges: readonly number[],
  { holder }: Held,
  { structure, emitter, native, holder: { name } }: Subject,
  counts: readonly number[],
): string {
  const steps = counts.slice(1).map((count, step) => count - counts[step]);
  if (native === 'handle') return name;
  if (native === 'addon') return steps.length > 0 ? `native ${steps.join()}` : '';
  if (structure) return `structure ${structure.id}`;
  if (emitter) return `emitter ${emitter.node}`;
  const { graph } = snapshot;
  const at = edges.findIndex((edge) => graph.edgeTo[edge] === holder);
  if (at < 0 || counts.length < 2) return '';
  const owner = sourceOf(graph, edges[at]);
  const isInstance =
    graph.nodeTypes[graph.nodeType[owner]] === 'object' && !PLAIN_OWNER.test(snapshot.className(owner));
  // Collections of one object that grow by the same amounts, like keys and values.
  return isInstance
    ? `owner ${owner} ${counts
        .slice(1)
        .map((count, step) => count - counts[step])
        .join()}`
    : '';
}

function isFunctionPlace({ className }: StructureTree, place: number): boolean {
  return className[place].endsWith('()');
}

/** Tells whether a place hangs below others of its kind. */
function isLinked({ parent, className, edgeName }: StructureTree, place: number): boolean {
  const above = parent[place];
  return (
    above !== 0 &&
    className[above] === className[place] &&
    edgeName[place] !== '[]' &&
    !className[place].startsWith('system / ')
  );
}

/** Tells whether a path ends in two objects of a class, one a property of the other. */
function isLink(path: PathStep[]): boolean {
  const [before, last] = path.slice(-2);
  if (path.length < 2 || before.name !== last.name) return false;
  return !/^(Object|Array|Map|Set)$|\(\)$/.test(last.name) && !last.edge.startsWith('[');
}

const MIN_DOMINANT_SHARE = 0.6;

/** Returns what most of the bytes at and below a place are, in the last snapshot. */
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
  if (buffers > MIN_DOMINANT_SHARE * bytes[top]) return 'buffers';
  return sliced > MIN_DOMINANT_SHARE * bytes[top] ? 'sliced strings' : '';
}

/** Adds what an anonymous object calls, which says more than its class: `Timeout → _onTimeout: poll()`. */
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
  for (const node of insideOf(snapshot, sampleOf(members, 20))) {
    if (graph.nodeTypes[graph.nodeType[node]] !== 'closure' || !isOfProgram(positions.script(node))) continue;
    const name = rawName(graph, node);
    if (name !== '') names.set(name, (names.get(name) ?? 0) + 1);
  }
  const calls = [...names].sort((a, b) => b[1] - a[1]).slice(0, 3);
  if (calls.length === 0 || isPartOfAnother(graph, end, snapshot.shallowSize)) return text;
  return `${text} → ${calls.map(([name]) => `${name}()`).join(', ')}`;
}
