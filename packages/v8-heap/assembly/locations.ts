/** Where the code of functions, and of what they construct, begins: V8HeapExplorer::ExtractLocation in V8. */
import { nextAlive } from './bitmap';
import { constructorShared } from './constructor-names';
import {
  functionFirst,
  functionLast,
  functionShared,
  generatorFirst,
  generatorLast,
  proxyType,
  receiverFirst,
  scopeFlags,
  scopeInfoType,
  scopeIsEmpty,
  scopePosition,
  scriptType,
  sharedData,
  sharedNameOrScope,
  sharedOldData,
  sharedScript,
  uncompiledFirst,
  uncompiledLast,
} from './layout';
import { mapOf, typeIs, typeOf } from './maps';
import { heapEnd, placeOf, smallIn } from './pages';
import { SCOPE_POSITION, scopePart } from './scopes';

const GENERATOR_FUNCTION: usize = 24;
const UNCOMPILED_START: usize = 16;

/** Of what {@link nextLocated} found: the place of its script, and the number of characters before its code. */
export let locatedScript: usize = 0;
export let locatedPosition: u32 = 0;

/** The first object at or after a place that has a position; 0 where there is none. */
export function nextLocated(place: usize): usize {
  for (let at = nextAlive(place); at < heapEnd; at = nextAlive(at + 8)) {
    const shared = sharedOf(at);
    if (shared === 0) continue;
    const script = placeOf(load<u64>(shared + sharedScript));
    if (script === 0 || !typeIs(script, scriptType)) continue;
    locatedScript = script;
    locatedPosition = startOf(shared);
    return at;
  }
  return 0;
}

function sharedOf(place: usize): usize {
  const map = mapOf(place);
  const type = typeOf(map);
  if (type >= functionFirst && type <= functionLast) return placeOf(load<u64>(place + functionShared));
  if (type < receiverFirst || type === proxyType) return 0;
  if (type < generatorFirst || type > generatorLast) return constructorShared(map, place);
  const running = placeOf(load<u64>(place, GENERATOR_FUNCTION));
  return running === 0 ? 0 : placeOf(load<u64>(running + functionShared));
}

/** SharedFunctionInfo::StartPosition in V8; 0 where there is none. */
export function startOf(shared: usize): u32 {
  const scope = placeOf(load<u64>(shared + sharedNameOrScope));
  if (scope !== 0 && typeIs(scope, scopeInfoType)) {
    const at = positionIn(scope);
    if (at !== 0) return smallIn(scope + at);
  }
  const start = uncompiledStart(load<u64>(shared + sharedData));
  return start !== 0 || sharedOldData === 0 ? start : uncompiledStart(load<u64>(shared + sharedOldData));
}

function positionIn(scope: usize): u32 {
  if (scopePosition === 0) return scopePart(scope, SCOPE_POSITION);
  return (load<u32>(scope + scopeFlags) & scopeIsEmpty) === 0 ? scopePosition : 0;
}

function uncompiledStart(word: u64): u32 {
  const data = placeOf(word);
  if (data === 0) return 0;
  const map = mapOf(data);
  const isUncompiled = map !== 0 && typeOf(map) >= uncompiledFirst && typeOf(map) <= uncompiledLast;
  return isUncompiled ? load<u32>(data, UNCOMPILED_START) : 0;
}
