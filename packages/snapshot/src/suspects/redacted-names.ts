/**
 * Matches redacted names across the snapshots of one process. The hash in a redacted name is valid only
 * within its file. Between files, a name is recognized by its length and its places, and gets the text that
 * it had in the first file.
 */
import { MASKED_NAME } from '../redact/masked-text.js';
import { readProvenance } from '../redact/provenance.js';
import type { Snapshot } from '../graph/snapshot.js';
import type { StringTable } from '../graph/string-table.js';
import { namePlaces, type NamePlace } from './name-places.js';

export interface FollowedNames {
  /**
   * Returns the snapshot with the names of the earlier ones; the snapshot itself if it has no redacted names.
   */
  follow(snapshot: Snapshot): Snapshot;
  /**
   * Translates names of the first snapshots in a text into those of the last one, so that they can be found
   * there.
   */
  asInLast(text: string): string;
  /** Number of names that could be one of several in the next snapshot, or none of them. */
  readonly unmatched: number;
  /** What that means for the answer, one sentence each. */
  readonly notCovered: string[];
}

/** A known name, with its text in the first snapshot that had it. */
interface FollowedName {
  text: string;
  place: NamePlace;
  /** Index of the last snapshot that had it, from 0. */
  seenIn: number;
}

/** Two places belong to the same name if they share this part of their features (Jaccard index). */
const MIN_LIKENESS = 0.2;
/** Scores that differ by less are equal. */
const LIKENESS_STEP = 0.1;
/** More names with the same places are the keys of a table and count as one name. */
const MAX_ALIKE = 4;
/** A feature that more names have is ignored. */
const MAX_WITH_A_FEATURE = 200;

export function followedNames(): FollowedNames {
  /** Names by their length. */
  const names = new Map<number, FollowedName[]>();
  const levels = new Set<string>();
  const textInLast = new Map<string, string>();
  let snapshots = 0;
  let unmatched = 0;

  function follow(snapshot: Snapshot): Snapshot {
    levels.add(readProvenance(snapshot.graph.header)?.redaction ?? 'none');
    const at = snapshots++;
    const renamed = new Map<number, string>();
    const byLength = groupBy(namePlaces(snapshot), ({ units }) => units);
    for (const [units, known] of names) if (!byLength.has(units) && levels.size > 1) lose(known, at);
    for (const [units, places] of byLength) {
      const known = names.get(units) ?? [];
      const found = matched(known, places);
      unmatched += found.doubtful;
      const before = known.filter((name) => name.seenIn === at - 1 && !found.nameOf.has(name)).length;
      let unknown = 0;
      for (const alike of alikeIn(places.filter((place) => !found.placeOf.has(place)))) {
        const text = alike.length > MAX_ALIKE ? `‹names ${units} chars›` : null;
        unknown += alike.length;
        for (const place of alike) {
          const name = { text: text ?? place.text, place, seenIn: at };
          known.push(name);
          found.placeOf.set(place, name);
        }
      }
      if (at > 0) unmatched += Math.min(before, unknown);
      names.set(units, known);
      for (const [place, name] of found.placeOf) {
        name.place = place;
        name.seenIn = at;
        textInLast.set(name.text, place.text);
        if (name.text !== place.text) renamed.set(place.index, name.text);
      }
    }
    return renamed.size === 0 ? snapshot : withNames(snapshot, renamed);
  }

  function lose(known: FollowedName[], at: number): void {
    unmatched += known.filter(({ seenIn }) => seenIn === at - 1).length;
  }

  function asInLast(text: string): string {
    return text.replaceAll(new RegExp(MASKED_NAME, 'g'), (name) => textInLast.get(name) ?? name);
  }

  return {
    follow,
    asInLast,
    get unmatched() {
      return unmatched;
    },
    get notCovered() {
      const sentences: string[] = [];
      if (levels.size > 1) {
        sentences.push(
          `The snapshots are redacted differently (${[...levels].join(', ')}); redacted names cannot be followed between them.`,
        );
      }
      if (unmatched > 0) {
        const which =
          unmatched === 1 ? '1 redacted name' : `${unmatched.toLocaleString('en')} redacted names`;
        sentences.push(
          `${which} could not be followed from one snapshot to the next; growth under them may be missing or miscounted.`,
        );
      }
      return sentences;
    },
  };
}

interface Matches {
  placeOf: Map<NamePlace, FollowedName>;
  nameOf: Map<FollowedName, NamePlace>;
  /** Number of names that had another equally good candidate. */
  doubtful: number;
}

/** Assigns each place the known name with the most similar places; ties are resolved by order. */
function matched(known: readonly FollowedName[], places: readonly NamePlace[]): Matches {
  const placeOf = new Map<NamePlace, FollowedName>();
  const nameOf = new Map<FollowedName, NamePlace>();
  const pairs = candidates(known, places);
  const rankOfName = ranks(known, ({ place }) => place.order);
  const rankOfPlace = ranks(places, ({ order }) => order);
  const gap = ({ name, place }: Pair): number =>
    Math.abs((rankOfName.get(name) ?? 0) - (rankOfPlace.get(place) ?? 0));
  pairs.sort((a, b) => b.step - a.step || gap(a) - gap(b) || b.likeness - a.likeness);
  /** Places that already are one name, by its text. */
  const alike = groupBy(known, ({ text }) => text);
  for (const { name, place } of pairs) {
    if (placeOf.has(place)) continue;
    // The keys of a table are one name, and may be more or fewer now.
    const isShared = (alike.get(name.text)?.length ?? 0) > 1;
    if (nameOf.has(name) && !isShared) continue;
    placeOf.set(place, name);
    nameOf.set(name, place);
  }
  return { placeOf, nameOf, doubtful: doubtful(pairs, nameOf) };
}

interface Pair {
  name: FollowedName;
  place: NamePlace;
  likeness: number;
  step: number;
}

function candidates(known: readonly FollowedName[], places: readonly NamePlace[]): Pair[] {
  const withFeature = new Map<number, FollowedName[]>();
  for (const name of known) {
    for (const feature of name.place.features) {
      const others = withFeature.get(feature);
      if (others) others.push(name);
      else withFeature.set(feature, [name]);
    }
  }
  return places.flatMap((place) => {
    const shared = new Map<FollowedName, number>();
    for (const feature of place.features) {
      const having = withFeature.get(feature) ?? [];
      if (having.length > MAX_WITH_A_FEATURE) continue;
      for (const name of having) shared.set(name, (shared.get(name) ?? 0) + 1);
    }
    return [...shared].flatMap(([name, both]): Pair[] => {
      const likeness = both / (name.place.features.size + place.features.size - both);
      return likeness < MIN_LIKENESS
        ? []
        : [{ name, place, likeness, step: Math.round(likeness / LIKENESS_STEP) }];
    });
  });
}

/**
 * Counts the ambiguous matches that neither the order of properties nor their sizes resolve: an object with
 * as many properties as before has them in the same order.
 */
function doubtful(pairs: readonly Pair[], nameOf: ReadonlyMap<FollowedName, NamePlace>): number {
  const best = new Map<FollowedName, Pair[]>();
  for (const pair of pairs) {
    const chosen = best.get(pair.name);
    if (!chosen || pair.step > (chosen[0]?.step ?? 0)) best.set(pair.name, [pair]);
    else if (pair.step === chosen[0]?.step) chosen.push(pair);
  }
  let count = 0;
  for (const [name, equals] of best) {
    const place = nameOf.get(name);
    if (equals.length < 2 || place === undefined || place.siblings === name.place.siblings) continue;
    const isLarger = (one: number, others: readonly number[]): number =>
      others.filter((each) => each < one).length;
    const bySize = isLarger(
      place.bytes,
      equals.map((pair) => pair.place.bytes),
    );
    const rivals = pairs.filter((pair) => pair.place === place && pair.step === equals[0]?.step);
    if (
      bySize !==
      isLarger(
        name.place.bytes,
        rivals.map((pair) => pair.name.place.bytes),
      )
    )
      count++;
  }
  return count;
}

/** Groups places with the same features. */
function alikeIn(places: readonly NamePlace[]): NamePlace[][] {
  return [...groupBy(places, ({ features }) => [...features].join()).values()];
}

function ranks<T>(items: readonly T[], order: (item: T) => number): Map<T, number> {
  return new Map([...items].sort((a, b) => order(a) - order(b)).map((item, rank) => [item, rank]));
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

/** Returns the snapshot with other texts for some of its strings. */
function withNames(snapshot: Snapshot, renamed: ReadonlyMap<number, string>): Snapshot {
  const { strings } = snapshot.graph;
  const indexes = new Map<string, number[]>();
  for (const [index, text] of renamed) indexes.set(text, [...(indexes.get(text) ?? []), index]);
  const findAll = (contents: Iterable<string>): Map<number, string> => {
    const wanted = [...contents];
    const found = new Map(strings.findAll(wanted));
    for (const text of wanted) for (const index of indexes.get(text) ?? []) found.set(index, text);
    return found;
  };
  const renamedStrings: StringTable = {
    ...strings,
    get: (index) => renamed.get(index) ?? strings.get(index),
    find: (content) => [...findAll([content]).keys()],
    findAll,
  };
  const graph = { value: { ...snapshot.graph, strings: renamedStrings }, enumerable: true };
  // Everything computed from the graph is the same for both.
  return Object.create(snapshot, { graph }) as Snapshot;
}
