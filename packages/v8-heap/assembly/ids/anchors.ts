/** What an object's print is made of where it has no key: its address, and what shows that the address was not used again. */
import {
  bigIntType,
  contextFirst,
  contextLast,
  fixedArrayFirst,
  fixedArrayLast,
  fixedDoubleArrayType,
  functionFirst,
  functionLast,
  functionShared,
  heapNumberType,
  nameDictionaryType,
  nativeContextType,
  propertyArrayType,
  receiverFirst,
  scopeFlags,
  scopeLocals,
  scriptType,
  sharedScript,
} from '../layout';
import { PROPERTIES } from '../constructor-names';
import { startOf } from '../locations';
import { mapOf, typeIs, typeOf } from '../maps';
import { nodeNames, nodeOf } from '../nodes';
import { addressOf, flagsOf, pageOf, placeOf, READ_ONLY, smallIn, YOUNG } from '../pages';
import { scopeNames } from '../scopes';
import { sizeOf } from '../sizes';
import { STRING_TYPES } from '../strings';
import { textHash } from '../texts';
import { fieldCount, fieldLasts, fieldName, fieldValue, readFields } from './fields';
import { isRare, isSingle } from './kinds';
import { mix, printOf } from './prints';
import { nameValue } from './values';

const SCRIPT_ID: usize = 68;
const TEXT_KIND: u64 = 0x54;
const OWNER: u64 = 0x4f;
const HASHED: u64 = 0x48;
const PROPERTY_HASH_SHIFT: u32 = 10;
const MAX_HASH: u32 = 0x1fffff;
/** In a table of properties: after its header and four counts. */
const TABLE_HASH: usize = 48;

/** Where functions have their context. */
export let functionContext: u32 = 0;
/** How many collections there were: those of the young generation too, and those of all. */
export let collections: u64 = 0;
export let fullCollections: u64 = 0;

/** What an object is, apart from its fields: of a class, an array, a context of a function. */
export function classValue(map: usize, place: usize): u64 {
  const type = typeOf(map);
  if (type < STRING_TYPES) return TEXT_KIND;
  if (type >= contextFirst && type <= contextLast && type !== nativeContextType) return scopeValue(place);
  return type >= receiverFirst ? mix(type, textHash(load<u32>(nodeNames + 4 * nodeOf(place)))) : type;
}

function scopeValue(context: usize): u64 {
  const scope = placeOf(load<u64>(context, 16));
  if (scope === 0) return 0;
  const locals = load<u64>(scope + scopeLocals);
  const value = mix(load<u32>(scope + scopeFlags), locals);
  return locals >> 32 === 0 ? value : mix(value, nameValue(load<u64>(scope + scopeNames(scope))));
}

/** A function's code: the number of its script, and where it begins there. */
export function codeValue(place: usize): u64 {
  const shared = placeOf(load<u64>(place + functionShared));
  if (shared === 0) return 0;
  const script = placeOf(load<u64>(shared + sharedScript));
  if (script === 0 || !typeIs(script, scriptType)) return mix(addressOf(shared), 0);
  return mix(load<u32>(script, SCRIPT_ID), startOf(shared));
}

export function isFunction(type: u32): bool {
  return type >= functionFirst && type <= functionLast;
}

/** The random number that V8 gives an object that is a key of a Map, Set or the like; 0 where it has none. */
function identityHash(place: usize): u32 {
  const word = load<u64>(place, PROPERTIES);
  if ((word & 1) === 0) return <u32>(word >> 32);
  const store = placeOf(word);
  if (store === 0) return 0;
  const map = mapOf(store);
  if (map === 0) return 0;
  if (typeOf(map) === propertyArrayType) return (smallIn(store + 8) >> PROPERTY_HASH_SHIFT) & MAX_HASH;
  return typeOf(map) === nameDictionaryType ? smallIn(store + TABLE_HASH) : 0;
}

function isYoung(place: usize): bool {
  return (flagsOf(pageOf(place)) & YOUNG) !== 0;
}

/** An address, as long as nothing moved from it or to it. */
function whereabouts(place: usize): u64 {
  const address = addressOf(place);
  return isYoung(place) ? mix(address, collections) : address;
}

/** Of an object that has one owner, by a field that may hold another one later. */
export function heldPrint(owner: u64, edge: u64, map: usize, place: usize): u64 {
  // A text that is replaced by one that says the same is the same to the program.
  const where = typeOf(map) < STRING_TYPES ? printOf(place) : whereabouts(place);
  return mix(mix(mix(owner, edge), classValue(map, place)), where);
}

/** Of an object that has one owner, by a field that always holds the same. */
export function ownedPrint(owner: u64, edge: u64): u64 {
  return mix(mix(owner, edge), OWNER);
}

/** Whether the last print by an address holds only until the next collection. */
export let isPassing: bool = false;

/**
 * Of an object that nothing but its address is known of. Its fields must have been read.
 * @param kind the record of its kind
 */
export function addressPrint(map: usize, place: usize, kind: usize): u64 {
  const type = typeOf(map);
  isPassing = isYoung(place);
  let print = mix(mix(classValue(map, place), sizeOf(map, place)), whereabouts(place));
  if ((flagsOf(pageOf(place)) & READ_ONLY) !== 0) return print;
  const hash = type >= receiverFirst ? identityHash(place) : 0;
  if (hash !== 0) return mix(mix(print, hash), HASHED);
  if (type < STRING_TYPES) print = mix(print, printOf(place));
  else if (isFunction(type)) print = mix(print, codeValue(place));
  if (!isReused(type)) return print;
  if (!isRare(kind)) {
    isPassing = true;
    return mix(print, fullCollections);
  }
  print = withFields(print, isSingle(kind));
  if (!isFunction(type)) return print;
  const context = placeOf(load<u64>(place + functionContext));
  const contextMap = context === 0 ? 0 : mapOf(context);
  if (contextMap === 0) return print;
  readFields(contextMap, context);
  return withFields(print, true);
}

/** What only changes while an object stays the same would take its id from it, and from all it owns. */
function withFields(print: u64, onlyLasting: bool): u64 {
  for (let index: u32 = 0; index < fieldCount; index++)
    if (!onlyLasting || fieldLasts(index)) print = mix(mix(print, fieldName(index)), fieldValue(index));
  return print;
}

/** Whether the program makes many such, so that the next one takes the address of a dead one. */
function isReused(type: u32): bool {
  if (type < STRING_TYPES || type >= receiverFirst) return true;
  if (type >= contextFirst && type <= contextLast) return type !== nativeContextType;
  if (type >= fixedArrayFirst && type <= fixedArrayLast) return true;
  return (
    type === fixedDoubleArrayType ||
    type === propertyArrayType ||
    type === heapNumberType ||
    type === bigIntType
  );
}
