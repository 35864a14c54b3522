/** Merges accumulations with the same owner and cause into one suspect, with the others as its parts. */
import type { Snapshot } from '../graph/snapshot.js';
import { sampleOf } from './sample.js';
import type { Suspect, SuspectPart } from './suspect.js';

export interface Draft {
  suspect: Suspect;
  /** Rank among the suspects, without its parts. */
  score: number;
  standing: number;
  /** Equal for accumulations with the same cause; empty for one with its own. */
  cause: string;
  members: number[];
  /** How much it tells a reader, compared with others of the same cause. */
  telling: number;
}

const MAX_SAMPLED = 20;
const MAX_STEPS = 3;
const MIN_SHARE = 0.6;
/** How many references to follow from one element. */
const MAX_VISITED = 80;

export interface Group {
  chief: Draft;
  others: Draft[];
}

/** Returns groups of drafts, in no particular order. */
export function grouped(snapshot: Snapshot, drafts: readonly Draft[]): Group[] {
  const groups: Draft[][] = [];
  const byCause = new Map<string, Draft[]>();
  for (const draft of drafts) {
    const known = draft.cause === '' ? undefined : byCause.get(draft.cause);
    if (known) known.push(draft);
    else {
      const group = [draft];
      groups.push(group);
      if (draft.cause !== '') byCause.set(draft.cause, group);
    }
  }
  absorb(snapshot, groups);
  return groups.map((group) => {
    const chief = group.reduce((best, draft) => (draft.telling > best.telling ? draft : best));
    return { chief, others: group.filter((draft) => draft !== chief) };
  });
}

/** Returns one suspect with the bytes and share of the whole group. */
export function withParts({ chief, others }: Group): Suspect {
  const { suspect } = chief;
  if (others.length === 0) return suspect;
  const parts = others
    .sort((a, b) => b.suspect.bytes - a.suspect.bytes)
    .map(({ suspect: { title, class: className, count, bytes, holder } }): SuspectPart => {
      return { title, class: className, count, bytes, holder };
    });
  return {
    ...suspect,
    bytes: others.reduce((sum, part) => sum + part.suspect.bytes, suspect.bytes),
    share: Math.min(
      1,
      others.reduce((sum, part) => sum + part.suspect.share, suspect.share),
    ),
    parts,
  };
}

/**
 * Merges what only Node or V8 holds into a better-known accumulation whose elements lead to it: it grew
 * because of that one, by the same number, and is a few references away from each element.
 */
function absorb(snapshot: Snapshot, groups: Draft[][]): void {
  for (let at = groups.length - 1; at >= 0; at--) {
    const [vague] = groups[at];
    const host = groups.find(
      (group) =>
        group !== groups[at] &&
        isBetterKnown(group[0], vague) &&
        growAlike(group[0].suspect.counts, vague.suspect.counts) &&
        leadsTo(snapshot, group[0].members, vague.members),
    );
    if (!host) continue;
    host.push(...groups[at].map((draft) => ({ ...draft, telling: 0 })));
    groups.splice(at, 1);
  }
}

/** Compares by standing, then by size; of two that the program does not hold, one with a source comes first. */
function isBetterKnown(one: Draft, other: Draft): boolean {
  if (Math.max(one.standing, other.standing) < RECOGNIZED && isLocated(one) !== isLocated(other))
    return isLocated(one);
  if (one.standing !== other.standing) return one.standing > other.standing;
  return other.standing < RECOGNIZED && one.suspect.bytes > other.suspect.bytes;
}

function isLocated({ suspect }: Draft): boolean {
  return suspect.locations.length > 0;
}

/** A program's own collection has its own cause. */
const RECOGNIZED = 0.8;
const TOLERANCE = 0.05;

function growAlike(one: readonly number[], other: readonly number[]): boolean {
  if (one.length < 2) return Math.abs(one[0] - other[0]) <= TOLERANCE * one[0];
  const grown = (counts: readonly number[]): number => counts[counts.length - 1] - counts[0];
  return Math.abs(grown(one) - grown(other)) <= TOLERANCE * Math.max(1, grown(one));
}

/** Follows weak references too: programs use registries of them for what others keep alive. */
function leadsTo({ graph }: Snapshot, from: readonly number[], to: readonly number[]): boolean {
  const wanted = new Set(to);
  const sample = sampleOf(from, MAX_SAMPLED);
  // What all of them lead to is not part of any.
  const reached = new Set<number>();
  for (const start of sample) {
    const depthOf = new Map([[start, 0]]);
    const queue = [start];
    let found = -1;
    for (let head = 0; head < queue.length && queue.length < MAX_VISITED && found < 0; head++) {
      const depth = depthOf.get(queue[head]) ?? 0;
      if (depth === MAX_STEPS) break;
      for (let edge = graph.firstEdge[queue[head]]; edge < graph.firstEdge[queue[head] + 1]; edge++) {
        const node = graph.edgeTo[edge];
        if (depthOf.has(node)) continue;
        if (wanted.has(node)) found = node;
        depthOf.set(node, depth + 1);
        queue.push(node);
      }
    }
    if (found >= 0) reached.add(found);
  }
  return reached.size >= MIN_SHARE * sample.length;
}
