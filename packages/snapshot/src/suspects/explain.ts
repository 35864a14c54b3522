/**
 * Turns places where something accumulates into suspects: the holder, the path to it, the source, the
 * sentences.
 */
import { anchor } from '../paths/path-words.js';
import { rawName } from '../graph/names.js';
import { waysIn } from '../paths/retaining-path.js';
import { UNREACHED, type RetainingPaths } from '../paths/retaining-paths.js';
import type { Snapshot } from '../graph/snapshot.js';
import { ORIGIN, originOf, type SourcePositions } from '../paths/source-positions.js';
import type { Accumulation } from './accumulation.js';
import { describe, STANDING, type Context, type Described } from './describe.js';
import { MIN_COUNT } from './growing-places.js';
import { isSynthetic } from './holder-words.js';
import { holdersOf, type Held } from './holders.js';
import { nativeAddons, type NativeAddon } from './native-addons.js';
import { packagesIn, type ReadText } from './packages.js';
import { grouped, withParts, type Draft, type Group } from './parts.js';
import type { StructureTree } from './structure-tree.js';
import { telling } from './telling.js';
import type { Suspect } from './suspect.js';
import { isLoadingOfModules } from './worth-saying.js';
import { summaryOf, titleOf, type Verb } from './wording.js';

/**
 * Returns the suspects, the most suspicious first. `total` turns bytes into a share, `verb` starts the
 * summary, `readText` finds versions of packages.
 */
export function explain(
  snapshot: Snapshot,
  tree: StructureTree,
  placeOf: Uint32Array,
  accumulations: Accumulation[],
  total: number,
  verb: Verb,
  readText?: ReadText,
): Suspect[] {
  if (accumulations.length === 0) return [];
  const { context, standing } = contextOf(snapshot, tree, placeOf, verb, readText);
  const { paths } = context;
  const held = holdersOf(
    snapshot,
    placeOf,
    accumulations.map(({ place }) => place),
    standing,
    STANDING.library,
  );
  const byHolder = new Map<number, { held: Held; accumulation: Accumulation }[]>();
  held.forEach((found, index) => {
    const accumulation = accumulations[index];
    const { place, inSize, count } = accumulation;
    const holder = inSize ? (found.members[0] ?? found.holder) : found.holder;
    // A few more of something in Node itself are not a leak of the program.
    if (count < MIN_COUNT && standing(holder) < STANDING.library && verb === 'more') return;
    const inCollection = tree.edgeName[place] === '[]';
    const example = inSize ? holder : inCollection ? found.example : nearestOf(found.members, paths);
    const group = { held: { ...found, holder, example }, accumulation };
    byHolder.set(holder, [...(byHolder.get(holder) ?? []), group]);
  });

  const described = new Map<Draft, Described>();
  for (const [holder, groups] of byHolder) {
    // What several roots hold has nothing else in common.
    for (const some of isSynthetic(snapshot.graph, holder) ? groups.map((group) => [group]) : [groups]) {
      const chief = some.reduce((best, group) =>
        telling(tree, group.accumulation) > telling(tree, best.accumulation) ? group : best,
      );
      const bytes = some.reduce((sum, group) => sum + group.accumulation.bytes, 0);
      const found = describe(context, chief.held, chief.accumulation, standing(holder));
      if (verb === 'more' && !found.subject.copies && isLoadingOfModules(found.suspect)) continue;
      found.suspect.bytes = Math.round(bytes);
      found.suspect.share = total > 0 ? Math.min(1, bytes / total) : 0;
      const known = standing(holder);
      const draft: Draft = {
        suspect: found.suspect,
        standing: isNameless(snapshot, holder) ? known / 2 : known,
        score: bytes * known * steadiness(chief.accumulation.counts),
        cause: found.cause,
        members: chief.held.members,
        telling: telling(tree, chief.accumulation) * known * (found.isListeners ? LISTENERS_TELL : 1),
      };
      described.set(draft, found);
    }
  }
  return grouped(snapshot, [...described.keys()])
    .map((group) => ({
      suspect: withParts(retitled(group, described)),
      score: group.others.reduce((sum, { score }) => sum + score, group.chief.score),
    }))
    .sort((a, b) => b.score - a.score)
    .map(({ suspect }, index) => ({ ...suspect, rank: index + 1 }));
}

/** Returns what describing suspects needs, and how well a reader recognizes a node. */
export function contextOf(
  snapshot: Snapshot,
  tree: StructureTree,
  placeOf: Uint32Array,
  verb: Verb,
  readText?: ReadText,
): { context: Context; standing: (node: number) => number } {
  const { positions, paths } = waysIn(snapshot);
  const packageOf = packagesIn(snapshot.graph, readText);
  let addons: NativeAddon[] | null = null;
  const context: Context = {
    snapshot,
    tree,
    placeOf,
    positions,
    paths,
    packageOf,
    addons: () => (addons ??= nativeAddons(snapshot.graph, packageOf)),
    verb,
  };
  const standings = new Map<number, number>();
  const standing = (node: number): number => {
    let known = standings.get(node);
    if (known === undefined) {
      const isNamed = paths.cost[node] !== UNREACHED && !isCode(snapshot, node);
      known = isNamed ? standingOf(snapshot, positions, paths.edgesTo(node)) : STANDING.nameless;
      standings.set(node, known);
    }
    return known;
  };
  return { context, standing };
}

/** Names the listeners of several events on one emitter together. */
function retitled(group: Group, described: ReadonlyMap<Draft, Described>): Group {
  const found = described.get(group.chief);
  if (!found?.subject.emitter) return group;
  const alike = [group.chief, ...group.others].flatMap((draft) => {
    const other = described.get(draft);
    return other?.isListeners && other.subject.count === found.subject.count
      ? [other.subject.emitter?.event]
      : [];
  });
  const events = [...new Set(alike.filter((event): event is string => !!event))].sort();
  if (events.length < 2) return group;
  const title = titleOf(found.subject, events);
  const summary = summaryOf(found.subject, title, group.chief.suspect.locations[0], found.told);
  return { ...group, chief: { ...group.chief, suspect: { ...group.chief.suspect, title, summary } } };
}

/** Listeners say more than the variables that they share. */
const LISTENERS_TELL = 100;

/** A root, or the global object: being held by it is nothing in common. */
function isNameless({ graph }: Snapshot, node: number): boolean {
  return isSynthetic(graph, node) || /^global( |$)/.test(rawName(graph, node));
}

/** Compiled code holds its source and constants; more of them come with more functions. */
function isCode({ graph }: Snapshot, node: number): boolean {
  return graph.nodeTypes[graph.nodeType[node]] === 'code';
}

/** Returns the element nearest to the root; in a chain or a tree, where to begin. */
function nearestOf(members: number[], { cost }: RetainingPaths): number {
  return members.reduce((best, node) => (cost[node] < cost[best] ? node : best), members[0]);
}

/** Returns 1 if each step grew by the same amount, less the more they differ. */
function steadiness(counts: number[]): number {
  const steps = counts.slice(1).map((count, at) => count - counts[at]);
  if (steps.length < 2) return 1;
  return 0.5 + (0.5 * Math.max(0, Math.min(...steps))) / Math.max(1, ...steps);
}

/** Returns the standing of the last code on the path. */
function standingOf(snapshot: Snapshot, positions: SourcePositions, edges: number[]): number {
  let best: number = STANDING.unknown;
  for (const edge of edges) {
    const node = snapshot.graph.edgeTo[edge];
    const found = anchor(snapshot.graph, positions, node);
    if (positions.origin[node] === ORIGIN.builtin) best = STANDING.node;
    else if (found) {
      const isLibrary = originOf(found.script) === ORIGIN.library;
      best = Math.max(best, isLibrary ? STANDING.library : STANDING.program);
    } else if (positions.origin[node] === ORIGIN.node) best = Math.max(best, STANDING.node);
  }
  return best;
}
