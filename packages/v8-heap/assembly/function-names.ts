/** Names of functions: SharedFunctionInfo::Name and ::DebugName in V8. */
import {
  scopeInfoType,
  sharedData,
  sharedNameOrScope,
  sharedOldData,
  uncompiledFirst,
  uncompiledLast,
} from './layout';
import { mapOf, typeIs, typeOf } from './maps';
import { placeOf } from './pages';
import { SCOPE_FUNCTION_NAME, SCOPE_INFERRED_NAME, scopePart } from './scopes';
import { isString, textOfWord } from './strings';
import { EMPTY } from './texts';

const INFERRED_NAME_OF_UNCOMPILED: usize = 8;

/** @param debug whether a name that V8 inferred will do where there is no other */
export function sharedName(shared: usize, debug: bool): u32 {
  const word = load<u64>(shared + sharedNameOrScope);
  if (isString(word)) return textOfWord(word);
  const scope = placeOf(word);
  if (scope !== 0 && typeIs(scope, scopeInfoType)) {
    const name = partName(scope, SCOPE_FUNCTION_NAME);
    return name !== EMPTY || !debug ? name : partName(scope, SCOPE_INFERRED_NAME);
  }
  if (!debug) return EMPTY;
  const inferred = uncompiledName(load<u64>(shared + sharedData));
  return inferred !== EMPTY || sharedOldData === 0
    ? inferred
    : uncompiledName(load<u64>(shared + sharedOldData));
}

function partName(scope: usize, part: u32): u32 {
  const at = scopePart(scope, part);
  return at === 0 ? EMPTY : textOfWord(load<u64>(scope + at));
}

function uncompiledName(word: u64): u32 {
  const data = placeOf(word);
  if (data === 0) return EMPTY;
  const map = mapOf(data);
  if (map === 0 || typeOf(map) < uncompiledFirst || typeOf(map) > uncompiledLast) return EMPTY;
  return textOfWord(load<u64>(data, INFERRED_NAME_OF_UNCOMPILED));
}
