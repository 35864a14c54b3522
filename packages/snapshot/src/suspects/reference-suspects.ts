/** Turns growing references into suspects: what holds the same objects repeatedly. */
import { edgeLabel } from '../graph/names.js';
import type { Snapshot } from '../graph/snapshot.js';
import { describe, type Context } from './describe.js';
import { addonsText } from './native-addons.js';
import { isNativeRoot, type GrowingReferences } from './reference-growth.js';
import { isPartOfAnother } from './structure-tree.js';
import type { Suspect } from './suspect.js';

const MAX_SUSPECTS = 5;
/**
 * Size of a reference from native code, outside V8's heap (GlobalHandles::Node in
 * src/handles/global-handles.cc).
 */
export const NATIVE_REFERENCE_BYTES = 32;
const REFERENCE_BYTES = 8;

interface Ends {
  /** The node with the most references, not counting tables of collections. */
  holder: number;
  /** What they lead to, the most frequent first. */
  targets: { node: number; count: number }[];
}

/**
 * Returns the suspects. `standing` is how well a reader recognizes a node; `total` turns bytes into a share.
 */
export function referenceSuspects(
  context: Context,
  growing: readonly GrowingReferences[],
  total: number,
  standing: (node: number) => number,
): Suspect[] {
  const found: Suspect[] = [];
  const seen = new Set<number>();
  for (const references of growing) {
    if (seen.has(references.from) || found.length === MAX_SUSPECTS) continue;
    seen.add(references.from);
    const suspect = suspectOf(context, references, standing);
    if (suspect === null) continue;
    suspect.share = total > 0 ? Math.min(1, suspect.bytes / total) : 0;
    found.push(suspect);
  }
  return found;
}

function suspectOf(
  context: Context,
  { from, to, edges, more }: GrowingReferences,
  standing: (node: number) => number,
): Suspect | null {
  const { tree, snapshot, placeOf } = context;
  const isNative = isNativeRoot(tree.className[from]);
  const ends = endsOf(snapshot, placeOf, from, to, isNative);
  if (ends === null) return null;
  const [{ node: target, count: most }] = ends.targets;
  const holder = isNative ? target : ends.holder;
  const bytes = isNative ? 0 : more * REFERENCE_BYTES;
  const counts = tree.columns.map(({ count }) => count[to]);
  const { suspect } = describe(
    context,
    { members: ends.targets.map(({ node }) => node), holder, example: target, isWeak: false },
    { place: to, inSize: false, counts, count: more, bytes },
    standing(holder),
  );
  const all = ends.targets.reduce((sum, { count }) => sum + count, 0);
  const what =
    most >= all / 2 ? `one ${suspect.class}` : `${ends.targets.length.toLocaleString('en')} ${suspect.class}`;
  const amount = `${more.toLocaleString('en')} more references`;
  suspect.edges = [...edges];
  suspect.holder = { ...suspect.holder, entries: [...edges] };
  if (!isNative) {
    const { name, class: className } = suspect.holder;
    suspect.title = `${amount} to ${what} in ${name === className ? name : `${name} (${className})`}`;
    return {
      ...suspect,
      ...sentences(suspect, 'the same object is added repeatedly and never removed', ADD_ONCE),
    };
  }
  const addons = context.addons();
  const known = suspect.holder.name === suspect.class ? '' : ` (${suspect.holder.name})`;
  suspect.title = `${amount} from native code to ${what}${known}`;
  suspect.kind = 'native-references';
  suspect.locations = [
    ...addons.map(({ path }) => ({
      function: '',
      script: path,
      line: 1,
      column: 1,
      package: context.packageOf(path),
    })),
    ...suspect.locations,
  ];
  const loaded = addonsText(addons);
  const todo = `an addon that is given it takes a reference with each call and releases none: update that addon${loaded === '' ? '' : `. Native addons that are loaded: ${loaded}`}`;
  return { ...suspect, ...sentences(suspect, "each takes memory outside V8's heap", todo) };
}

const ADD_ONCE = 'add it once, or take it out when its owner is done';

function sentences({ title }: Suspect, signs: string, todo: string): Pick<Suspect, 'advice' | 'summary'> {
  return { advice: `${todo[0].toUpperCase()}${todo.slice(1)}.`, summary: `${title}: ${signs}; ${todo}.` };
}

function endsOf(
  { graph, retains, shallowSize, dominator }: Snapshot,
  placeOf: Uint32Array,
  from: number,
  to: number,
  isNative: boolean,
): Ends | null {
  let best: Ends | null = null;
  let mostEdges = 0;
  for (let node = 0; node < graph.nodeCount; node++) {
    if (placeOf[node] !== from) continue;
    const counts = new Map<number, number>();
    let edges = 0;
    for (let edge = graph.firstEdge[node]; edge < graph.firstEdge[node + 1]; edge++) {
      const target = graph.edgeTo[edge];
      if ((!retains[edge] && !isNative) || placeOf[target] !== to || isHidden(edgeLabel(graph, edge)))
        continue;
      counts.set(target, (counts.get(target) ?? 0) + 1);
      edges++;
    }
    if (edges <= mostEdges) continue;
    mostEdges = edges;
    let holder = node;
    while (holder !== graph.root && isPartOfAnother(graph, holder, shallowSize)) holder = dominator[holder];
    const targets = [...counts].map(([target, count]) => ({ node: target, count }));
    best = { holder, targets: targets.sort((a, b) => b.count - a.count) };
  }
  return best;
}

function isHidden(label: string): boolean {
  return label === '__proto__' || label === 'map';
}
