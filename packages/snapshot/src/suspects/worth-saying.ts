/**
 * Decides which accumulations to report. Not what Node and V8 hold for themselves, nor modules, of which a
 * program only gains more. A healthy program also grows a little while it warms up.
 */
import type { GrowingPlace } from './growing-places.js';
import type { StructureTree } from './structure-tree.js';
import type { Suspect } from './suspect.js';

/**
 * Healthy programs grew by up to 256 kB between captures while caches warmed up; a leak of that size
 * continues.
 */
const MIN_BYTES = 256_000;
/** Minimum share of the first heap. */
const MIN_OF_HEAP = 0.01;
/** Less than MIN_BYTES is only suspicious if it grows by the same amount each time, unlike a warm-up. */
const MIN_REGULAR_BYTES = 32_000;
const MIN_REGULAR_COUNT = 100;
/** The smallest step is at least this share of the largest. */
const REGULAR = 0.75;
/** Two snapshots cannot show whether growth is regular. */
const MIN_BYTES_OF_TWO = 64_000;
/** Holders other than the program and its libraries: V8's roots, Node's modules and handles. */
const NODES_OWNER = /^\(|^the process$|^process$|\bnode:|native code|open handles|principal_realm|Node \/ /;
/** An accumulation without a known source, held by one of those, is most likely Node's own. */
const MIN_UNLOCATED_BYTES = 1_000_000;
const MIN_UNLOCATED_SHARE = 0.1;

/** Objects become no more if their number changes by at most this share. */
const MAX_OTHER_OBJECTS = 0.01;
/** Of references whose names don't count, because an object has many. */
const NAMELESS = new Set(['', '[]', '#']);

/**
 * Tells whether a little growth is that of one field in objects that become no more: flattened strings and cached
 * results come one by one, and end when each object has its own.
 */
export function isFillingFields(
  { parent, edgeName, columns }: StructureTree,
  { place, inSize, counts, bytes }: GrowingPlace,
): boolean {
  if (inSize || bytes >= MIN_BYTES || NAMELESS.has(edgeName[place])) return false;
  const objects = columns.map(({ count }) => count[parent[place]]);
  const [fewest, most] = [Math.min(...objects), Math.max(...objects)];
  return most - fewest <= MAX_OTHER_OBJECTS * most && counts[counts.length - 1] <= most;
}

/** Node's record of a module, and what it keeps about loading one. */
const MODULE_RECORD = /^(Module|ModuleWrap|ModuleJob|ModuleJobSync|SourceTextModule)$/;

/**
 * Tells whether a program loaded more of its files, which ends when all of them are loaded. Only modules that keep
 * coming at the same rate in three snapshots are suspicious, and copies of one file, which the caller rules out.
 */
export function isLoadingOfModules({ class: className, counts }: Suspect): boolean {
  if (!MODULE_RECORD.test(className)) return false;
  const more = counts[counts.length - 1] - counts[0];
  return counts.length < 3 || more < MIN_REGULAR_COUNT || !isRegular(counts);
}

/** Tells whether growth is worth reporting. `heapBytes` is the size of the first heap. */
export function isSuspicious(suspect: Suspect, heapBytes: number): boolean {
  const { bytes, counts, edges } = suspect;
  if (edges !== null) return true;
  if (isUnlocated(suspect) || isNew(suspect)) return false;
  if (bytes >= Math.max(MIN_BYTES, MIN_OF_HEAP * heapBytes)) return true;
  const more = counts[counts.length - 1] - counts[0];
  if (more < MIN_REGULAR_COUNT) return false;
  return counts.length === 2 ? bytes >= MIN_BYTES_OF_TWO : bytes >= MIN_REGULAR_BYTES && isRegular(counts);
}

function isRegular(counts: readonly number[]): boolean {
  const steps = counts.slice(1).map((count, at) => count - counts[at]);
  return Math.min(...steps) >= REGULAR * Math.max(...steps);
}

/** Part of the growth from which on something new is reported all the same. */
const MIN_SHARE_OF_NEW = 0.5;
/** So many entries in a collection that was there and empty are reported, too. */
const MIN_COUNT_OF_NEW = 500;

/**
 * Tells whether two snapshots show something being created rather than growing: a library that was loaded or first
 * used between them brought its tables.
 */
function isNew({ counts, share, holder: { instances }, locations }: Suspect): boolean {
  if (counts.length !== 2 || counts[0] > 0) return false;
  if (instances[0] === 0 && instances[1] <= 1)
    return share < MIN_SHARE_OF_NEW || locations.at(0)?.package != null;
  return share < MIN_SHARE_OF_NEW && counts[1] < MIN_COUNT_OF_NEW;
}

function isUnlocated({ locations, bytes, share, holder, path }: Suspect): boolean {
  if (locations.length > 0 || (bytes >= MIN_UNLOCATED_BYTES && share >= MIN_UNLOCATED_SHARE)) return false;
  if (holder.owner === 'globalThis') return false;
  return [holder.owner, holder.class, path.at(0)?.name ?? '(roots)'].some((name) => NODES_OWNER.test(name));
}

/** Classes that modules consist of: their records, sources, code and tables. */
const MODULES =
  /^(Module|ModuleWrap|ModuleJob|ModuleJobSync|ModuleLoader|LoadCache|BuiltinModule|SourceTextModule|InternalBinding|primordials|\(compiled code\)|\{(constructor|__esModule)\b.*|system \/ (Script|SourceTextModule|Module|FeedbackCell|SharedFunctionInfo))$/s;
const NODES_TABLES = /^(primordials|require\.cache|.*\.?internalBinding|native_to_javascript)\b/;
/** Minimum share of one heap; less is not reported. */
const MIN_PART_OF_HEAP = 0.005;
const MIN_ACCUMULATED_BYTES = 64_000;
const MIN_HELD_BY_NATIVE_CODE = 500;

/**
 * Tells whether an accumulation in one snapshot belongs to the program: neither modules nor what Node and V8
 * hold.
 */
export function isProgramsOwn(suspect: Suspect): boolean {
  const { path, class: className, holder, locations, bytes, share, kind, count } = suspect;
  if (bytes < MIN_ACCUMULATED_BYTES || share < MIN_PART_OF_HEAP) return false;
  if (MODULES.test(className) || MODULES.test(holder.class) || NODES_TABLES.test(holder.name)) return false;
  if (/^global\b/.test(holder.class) || /^\((system|synthetic)\)/.test(holder.name)) return false;
  if (path.some(({ name, edge }) => name === 'primordials' || edge === 'primordials')) return false;
  if (path.at(-1)?.edge === 'exports' || path.at(-2)?.edge === 'exports') return false;
  if (
    path.some(
      ({ name }) => name === '(compiled code)' || /^system \/ (Script|SharedFunctionInfo)$/.test(name),
    )
  )
    return false;
  // Variables of a function have names; many objects below them are usually only what those lead to.
  if (holder.class.startsWith('variables') && kind !== 'linked-list' && kind !== 'promises') return false;
  if (kind === 'native-references')
    return count >= MIN_HELD_BY_NATIVE_CODE && !/^(Object|Array|Function|\{.*|\(.*)$/s.test(className);
  return locations.length > 0;
}
