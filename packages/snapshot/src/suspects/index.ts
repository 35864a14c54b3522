/** Finds what leaks, from one or several snapshots of a process. */
import type { Classes } from '../graph/classes.js';
import type { Sizes } from '../format/columns.js';
import type { ProcessFigures } from '../redact/process-figures.js';
import { readProvenance } from '../redact/provenance.js';
import type { Snapshot } from '../graph/snapshot.js';
import { accumulatingPlaces } from './accumulating-places.js';
import { withLimits } from './bounds.js';
import { dominatorGrowth } from './dominator-growth.js';
import { contextOf, explain } from './explain.js';
import { summaryOf } from './growth-summary.js';
import { coverageOf, notCoveredByOne, notCoveredBySeveral, type Coverage } from './not-covered.js';
import type { ReadText } from './packages.js';
import { countReferences } from './reference-growth.js';
import { NATIVE_REFERENCE_BYTES, referenceSuspects } from './reference-suspects.js';
import { growingPlaces } from './growing-places.js';
import { keptInstances, knownIds, type KnownIds } from './kept-instances.js';
import { followedNames } from './redacted-names.js';
import { buildStructureTree } from './structure-tree.js';
import type { Accumulations, ClassGrowth, Growth, Suspect } from './suspect.js';
import { isFillingFields, isProgramsOwn, isSuspicious } from './worth-saying.js';

export interface SuspectOptions {
  /** Maximum number of suspects; default 10. */
  most?: number;
  /** Reads `package.json` files, for versions that the heap does not contain; without it, no file is read. */
  readText?: ReadText;
}

const MAX_SUSPECTS = 10;
/** A suspect that explains less than this share of the first one's bytes is left out. */
const MIN_SHARE_OF_FIRST = 0.02;

/**
 * Finds the program's largest accumulations in one snapshot. A single snapshot cannot show whether they grow.
 */
export function findAccumulations(
  snapshot: Snapshot,
  { most = MAX_SUSPECTS, readText }: SuspectOptions = {},
): Accumulations {
  const builder = buildStructureTree();
  const { placeOf } = builder.add(snapshot);
  const tree = builder.build();
  const places = accumulatingPlaces(tree).slice(0, 4 * most);
  const found = explain(snapshot, tree, placeOf, places, tree.columns[0].bytes[0], 'kept', readText);
  const suspects = withLimits(snapshot, found.filter(isProgramsOwn)).slice(0, most);
  return { suspects: ranked(suspects), notCovered: notCoveredByOne(snapshot) };
}

/** Returns the suspects of {@link findAccumulations} only. */
export function findSuspects(snapshot: Snapshot, options: SuspectOptions = {}): Suspect[] {
  return findAccumulations(snapshot, options).suspects;
}

/**
 * Finds what grew from the first snapshot to the last, and what holds it. Objects are matched by structure,
 * because object IDs of two captures are unrelated. Each snapshot is requested once, in order, and only the
 * last is kept, so that memory use is that of one snapshot.
 * @throws {RangeError} if there are fewer than two
 */
export async function diff(
  snapshots: Iterable<Snapshot | Promise<Snapshot>> | AsyncIterable<Snapshot>,
  { most = MAX_SUSPECTS, readText }: SuspectOptions = {},
): Promise<Growth> {
  const builder = buildStructureTree();
  const references = countReferences();
  const classes = new Map<string, ClassGrowth>();
  const totals: Totals[] = [];
  const coverage: Coverage[] = [];
  const figures: (ProcessFigures | null)[] = [];
  const names = followedNames();
  let firstIds: KnownIds | null = null;
  let last: { snapshot: Snapshot; placeOf: Uint32Array; classes: Classes } | null = null;
  for await (const snapshot of snapshots) {
    const placed = builder.add(names.follow(snapshot));
    references.add(snapshot, placed.placeOf);
    const { placeOf, classes: snapshotClasses } = placed;
    if (totals.length === 0) firstIds = knownIds(snapshot, snapshotClasses, snapshot.shallowSize);
    last = { snapshot, placeOf, classes: snapshotClasses };
    addClasses(classes, placed.classes, snapshot.shallowSize, totals.length);
    totals.push(totalsOf(snapshot));
    coverage.push(coverageOf(snapshot, totals[totals.length - 1].bytes));
    figures.push(readProvenance(snapshot.graph.header)?.target?.process ?? null);
  }
  if (last === null || totals.length < 2) {
    throw new RangeError(`a diff needs two snapshots or more, not ${totals.length}`);
  }
  const kept = keptInstances(firstIds, last.snapshot, last.classes, last.snapshot.shallowSize);
  const tree = builder.build();
  const bytes = totals[totals.length - 1].bytes - totals[0].bytes;
  const nodes = totals[totals.length - 1].nodes - totals[0].nodes;
  const outsideHeap = {
    bytes: totals[totals.length - 1].native - totals[0].native,
    arrayBufferBytes: totals[totals.length - 1].arrayBuffers - totals[0].arrayBuffers,
  };
  const process = figures.every((each) => each === null) ? null : figures;
  const growing = growingPlaces(tree);
  const places = growing
    .filter((place) => !isFillingFields(tree, place))
    .map((place) => ({ ...place, count: place.counts[place.counts.length - 1] - place.counts[0] }));
  const found = explain(
    last.snapshot,
    tree,
    last.placeOf,
    places.slice(0, 4 * most),
    bytes,
    'more',
    readText,
  );
  const moreReferences = references.growing(tree, growing);
  const { context, standing } = contextOf(last.snapshot, tree, last.placeOf, 'more', readText);
  const all = withReferences(found, referenceSuspects(context, moreReferences, bytes, standing));
  const worth = all.filter((suspect) => isSuspicious(suspect, totals[0].bytes));
  const known = withLimits(last.snapshot, bytes > 0 ? worth : worth.filter(isOutsideHeap));
  const least = MIN_SHARE_OF_FIRST * Math.max(...known.map(weightOf));
  const suspects = ranked(known.filter((suspect) => weightOf(suspect) >= least).slice(0, most));
  const explainedShare = Math.min(
    1,
    suspects.reduce((sum, { limit, share }) => sum + (limit === null ? share : 0), 0),
  );
  return {
    growth: { bytes, nodes },
    outsideHeap,
    explainedShare,
    suspects,
    classes: [...classes.values()]
      .filter(changed)
      .map((row) => ({ ...row, name: names.asInLast(row.name), instances: instancesOf(row, kept) }))
      .sort((a, b) => grown(b) - grown(a)),
    dominators: dominatorGrowth(tree),
    notCovered: [...names.notCovered, ...notCoveredBySeveral(coverage)],
    process,
    unmatchedNames: names.unmatched,
    summary: summaryOf({ bytes, outsideHeap, process, suspects, explainedShare }),
  };
}

/** Native references take no bytes of the heap. */
function isOutsideHeap({ edges, bytes }: Suspect): boolean {
  return edges !== null && bytes === 0;
}

function weightOf(suspect: Suspect): number {
  return isOutsideHeap(suspect) ? suspect.count * NATIVE_REFERENCE_BYTES : suspect.bytes;
}

/** Replaces a collection that became larger by the growth in references that explains it. */
function withReferences(found: readonly Suspect[], references: readonly Suspect[]): Suspect[] {
  const largerFor = (suspect: Suspect): Suspect | undefined =>
    references.find(({ holder }) => holder.id === suspect.holder.id);
  const others = found.filter((suspect) => {
    const reference = largerFor(suspect);
    if (reference === undefined) return true;
    reference.bytes = Math.max(reference.bytes, suspect.bytes);
    reference.share = Math.max(reference.share, suspect.share);
    return false;
  });
  const all = [...others];
  for (const reference of references) {
    const at = all.findIndex((suspect) => weightOf(suspect) < weightOf(reference));
    all.splice(at < 0 ? all.length : at, 0, reference);
  }
  return all;
}

/** Puts suspects with a limit last. */
function ranked(suspects: readonly Suspect[]): Suspect[] {
  return [
    ...suspects.filter(({ limit }) => limit === null),
    ...suspects.filter(({ limit }) => limit !== null),
  ].map((suspect, index) => ({ ...suspect, rank: index + 1 }));
}

interface Totals {
  bytes: number;
  nodes: number;
  /** Bytes outside V8's heap. */
  native: number;
  arrayBuffers: number;
}

function totalsOf({ graph }: Snapshot): Totals {
  const totals = {
    bytes: 0,
    nodes: graph.nodeCount,
    native: graph.header.extra_native_bytes ?? 0,
    arrayBuffers: 0,
  };
  const native = graph.nodeTypes.indexOf('native');
  const arrayBuffer = new Set(graph.strings.find('system / JSArrayBufferData'));
  for (let node = 0; node < graph.nodeCount; node++) {
    const size = graph.selfSize[node];
    totals.bytes += size;
    if (graph.nodeType[node] !== native) continue;
    totals.native += size;
    if (arrayBuffer.has(graph.nodeName[node])) totals.arrayBuffers += size;
  }
  return totals;
}

function addClasses(
  classes: Map<string, ClassGrowth>,
  { classOf, names }: Classes,
  shallowSize: Sizes,
  at: number,
): void {
  const counts = new Float64Array(names.length);
  const sizes = new Float64Array(names.length);
  for (let node = 0; node < shallowSize.length; node++) {
    if (shallowSize[node] === 0) continue;
    counts[classOf[node]]++;
    sizes[classOf[node]] += shallowSize[node];
  }
  names.forEach((name, index) => {
    if (counts[index] === 0) return;
    let row = classes.get(name);
    if (!row) classes.set(name, (row = { name, counts: [], shallowBytes: [], instances: null }));
    row.counts[at] = (row.counts[at] ?? 0) + counts[index];
    row.shallowBytes[at] = (row.shallowBytes[at] ?? 0) + sizes[index];
  });
  for (const row of classes.values()) {
    for (let earlier = 0; earlier <= at; earlier++) {
      row.counts[earlier] ??= 0;
      row.shallowBytes[earlier] ??= 0;
    }
  }
}

function instancesOf(
  { name, counts }: ClassGrowth,
  kept: ReadonlyMap<string, number> | null,
): ClassGrowth['instances'] {
  if (kept === null) return null;
  const both = kept.get(name) ?? 0;
  return { kept: both, new: counts[counts.length - 1] - both, gone: counts[0] - both };
}

function grown({ shallowBytes }: ClassGrowth): number {
  return shallowBytes[shallowBytes.length - 1] - shallowBytes[0];
}

function changed(row: ClassGrowth): boolean {
  return grown(row) !== 0 || row.counts[row.counts.length - 1] !== row.counts[0];
}
