/** The nodes that stand for V8's roots, and their edges: V8HeapExplorer::SetGcSubrootReference in V8. */
import { EDGE_TYPES, NODE_TYPES } from '../layouts/node-kinds.js';
import { internText } from './graph-tables.js';
import type { OpenHeap } from './open-heap.js';
import { typeAt, type RootSets } from './root-sets.js';

const SYNTHETIC = NODE_TYPES.indexOf('synthetic');
const [ELEMENT, INTERNAL, SHORTCUT, WEAK] = (['element', 'internal', 'shortcut', 'weak'] as const).map(
  (type) => EDGE_TYPES.indexOf(type),
);
/** The root and `(GC roots)`. */
const NODES_ABOVE = 2;
/** The roots table has the read-only ones first. */
const FIRST_STRONG_ROOT = 'arguments_iterator_accessor';
/** The bit of a string's type that says that it is not internalized. */
const NOT_INTERNALIZED = 32;
/** Where a native context has the global object, in bytes. */
const GLOBAL_OBJECT = 32;

interface Reference {
  word: bigint;
  isWeak?: boolean;
  /** What it is, besides its number. */
  name?: string;
}

/** How many nodes come before those of objects. */
export function rootNodeCount({ version }: OpenHeap): number {
  return NODES_ABOVE + version.subroots.length;
}

export function nameRootNodes({ compiled, version }: OpenHeap): void {
  ['', '(GC roots)', ...version.subroots].forEach((name, node) =>
    compiled.setNode(node, SYNTHETIC, internText(compiled, name), 0),
  );
}

/** Their edges, which come before those of objects. */
export function putRootEdges(heap: OpenHeap, sets: RootSets): void {
  const { compiled, version } = heap;
  const begin = (node: number): void =>
    compiled.view().setUint32(compiled.get('firstEdges') + 4 * node, compiled.get('edgeCount'), true);
  const references = version.subroots.map((name, index) =>
    version.subroots.indexOf(name) === index ? referencesOf(name, heap, sets) : [],
  );
  begin(0);
  compiled.putEdge(ELEMENT, 1, 1);
  userRoots(heap, references).forEach((node, index) =>
    compiled.putEdge(SHORTCUT, compiled.nameOfNumber(index + 2), node),
  );
  begin(1);
  version.subroots.forEach((_, index) => compiled.putEdge(ELEMENT, index + 1, NODES_ABOVE + index));
  const names = rootNames(heap);
  references.forEach((found, index) => {
    begin(NODES_ABOVE + index);
    putSubroot(heap, found, names);
  });
}

function referencesOf(subroot: string, heap: OpenHeap, sets: RootSets): Reference[] {
  const { compiled, names, version } = heap;
  const plain = (words: readonly bigint[]): Reference[] => words.map((word) => ({ word }));
  switch (subroot) {
    case '(Builtins)':
      return sets.builtins.map((word, index) => ({ word, name: names.builtins[index] }));
    case '(Stack roots)':
      return plain([...sets.isolate, ...sets.stack]);
    case '(Global handles)':
      return [...plain(sets.globalHandles), ...sets.weakHandles.map((word) => ({ word, isWeak: true }))];
    case '(Handle scope)':
      return plain(sets.handleScope);
    case '(Eternal handles)':
      return plain(sets.eternalHandles);
    case '(Startup object cache)':
      return plain(sets.startupCache);
    case '(Shareable object cache)':
      return plain(sets.shareableCache);
    case '(Read-only roots)':
      return plain(rootsOfTable(heap, false));
    case '(Strong root list)':
      return plain(rootsOfTable(heap, true));
    case '(Strong roots)':
      return version.subroots.includes('(Strong root list)') ? [] : plain(rootsOfTable(heap, true));
    case '(Internalized strings)':
      return strings(heap, NOT_INTERNALIZED, 0);
    case '(External strings)':
      return strings(heap, compiled.constants.REPRESENTATION, compiled.constants.EXTERNAL);
    default:
      return [];
  }
}

function rootsOfTable({ roots }: OpenHeap, isStrong: boolean): bigint[] {
  const names = [...roots.byName.keys()];
  const first = names.indexOf(FIRST_STRONG_ROOT);
  const words = [...roots.byName.values()];
  return isStrong ? words.slice(first) : words.slice(0, first);
}

function strings({ compiled }: OpenHeap, mask: number, bits: number): Reference[] {
  const found: Reference[] = [];
  let place = compiled.nextString(compiled.get('heapStart') >>> 0, mask, bits) >>> 0;
  while (place !== 0) {
    found.push({ word: compiled.addressOf(place) | 1n });
    place = compiled.nextString(place + 8, mask, bits) >>> 0;
  }
  return found;
}

/** The names that references have wherever they occur; numbers of names, by what they are for. */
function rootNames({ compiled, roots }: OpenHeap): Map<bigint, number> {
  const names = new Map<bigint, number>();
  for (const [name, word] of roots.byName)
    if ((word & 3n) === 1n && !names.has(word)) names.set(word, internText(compiled, name));
  return names;
}

function putSubroot(
  { compiled }: OpenHeap,
  references: readonly Reference[],
  names: ReadonlyMap<bigint, number>,
): void {
  let number = 1;
  for (const { word, isWeak, name } of references) {
    const node = compiled.target(word) >>> 0;
    if (node === compiled.constants.NO_NODE >>> 0) continue;
    const known =
      names.get(word) ??
      (name === undefined ? compiled.nameOfNumber(number) : internText(compiled, `${number} / ${name}`));
    compiled.putEdge(isWeak === true ? WEAK : INTERNAL, known, node);
    number++;
  }
}

/** What a program's names begin with, each once: distances are counted from there. */
function userRoots({ compiled, types, version }: OpenHeap, references: readonly Reference[][]): Set<number> {
  const nativeContext = types.of('NativeContext');
  const nodes = new Set<number>();
  for (const { word, isWeak } of references.flat()) {
    if (isWeak === true || typeAt(compiled, word) !== nativeContext) continue;
    const place = compiled.placeOf(word) >>> 0;
    const global = compiled.view().getBigUint64(place + GLOBAL_OBJECT, true);
    const isGlobal = typeAt(compiled, global) === types.of('JSGlobalObject');
    const node = compiled.target(version.contextIsUserRoot ? word : global) >>> 0;
    if (isGlobal && node !== compiled.constants.NO_NODE >>> 0) nodes.add(node);
  }
  return nodes;
}
