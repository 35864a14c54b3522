/** Edges of what belongs to code: functions' common part, code objects, bytecode, feedback. */
import { internal, KEEP_TYPE, tag, tagNamed, tagOver } from './edges';
import { sharedName } from './function-names';
import {
  baselineKind,
  bytecodePool,
  byteArrayType,
  byteTableType,
  codeDeoptimization,
  codeFlags,
  codePositions,
  codeStream,
  codeType,
  feedbackSlots,
  firstWeakKind,
  fixedArrayFirst,
  interpreterDataType,
  KIND_OF_CODE,
  MAX_INLINED_LOCALS,
  nameDictionaryType,
  numberDictionaryType,
  scopeFlags,
  scopeInfoType,
  scopeIsEmpty,
  scopeLocals,
  sharedData,
  sharedNameOrScope,
  streamsHaveNames,
  sharedTagsItself,
  streamType,
  trustedFixedArrayType,
  weakFixedArrayType,
  weakTableType,
} from './layout';
import { mapOf, typeIs, typeOf } from './maps';
import { CODE_NODE, nodeOf } from './nodes';
import { elementsIn, placeOf, smallIn, wordsIn } from './pages';
import { scopeNames } from './scopes';
import { addByte, addLiteral, addText, beginText, EMPTY, endText, nameOf } from './texts';

/** Names of the kinds of code (CodeKind in V8), by their numbers: text that TypeScript writes. */
const MAX_KINDS: u32 = 16;
export const codeKinds = memory.data(4 * MAX_KINDS, 4);
const INTERPRETER_CODE: usize = 16;
/** What a code's deoptimization data has before its entries. */
const DEOPTIMIZATION_FIELDS: u32 = 10;
const POOL_DEPTH: u32 = 3;
/** Where older code objects have their relocation info. */
const RELOCATIONS: usize = 8;

const SHARED_TAG = nameOf('(shared function info)');
const SCOPE_TAG = nameOf('(function scope info)');
const NAMES_TAG = nameOf('(context local names)');
const POOL_TAG = nameOf('(constant pool)');
const FEEDBACK_TAG = nameOf('(feedback)');
const STREAM = nameOf('instruction_stream');
const RELOCATIONS_NAME = nameOf('relocation_info');
const RELOCATIONS_TAG = nameOf('(code relocation info)');
const INTERPRETER_DATA = nameOf('interpreter_data');
const INTERPRETER_DATA_TAG = nameOf('(interpreter data)');
const OFFSETS = nameOf('bytecode_offset_table');
const OFFSETS_TAG = nameOf('(bytecode offset table)');
const DEOPTIMIZATION = nameOf('deoptimization_data');
const DEOPTIMIZATION_TAG = nameOf('(code deopt data)');
const POSITIONS = nameOf('source_position_table');
const POSITIONS_TAG = nameOf('(source position table)');

/** Tags the code of a function after it. */
export function sharedEdges(place: usize): void {
  if (sharedTagsItself) tagNamed(nodeOf(place), SHARED_TAG);
  const code = codeOfShared(load<u64>(place + sharedData));
  if (code !== 0) tagCode(code, sharedName(place, true));
  const scope = load<u64>(place + sharedNameOrScope);
  const scopePlace = placeOf(scope);
  if (scopePlace !== 0 && typeIs(scopePlace, scopeInfoType)) tag(scope, SCOPE_TAG, KEEP_TYPE);
}

function codeOfShared(word: u64): u64 {
  const data = placeOf(word);
  if (data === 0) return 0;
  if (typeIs(data, codeType)) return word;
  return interpreterDataType !== 0 && typeIs(data, interpreterDataType)
    ? load<u64>(data, INTERPRETER_CODE)
    : 0;
}

function tagCode(code: u64, name: u32): void {
  const place = placeOf(code);
  if (place === 0) return;
  const kind = load<u32>(codeKinds + 4 * (load<u32>(place + codeFlags) & KIND_OF_CODE));
  const stream = streamOf(place);
  if (streamsHaveNames) {
    tag(stream === 0 ? code : stream, codeTag('code', kind, name), KEEP_TYPE);
    return;
  }
  tag(code, codeTag('code', kind, name), KEEP_TYPE);
  if (stream !== 0) tag(stream, codeTag('instruction stream', kind, name), KEEP_TYPE);
}

/** The instruction stream of a code object; 0 where it has none, as builtins do not. */
function streamOf(code: usize): u64 {
  const word = load<u64>(code + codeStream);
  const place = placeOf(word);
  return place !== 0 && typeIs(place, streamType) ? word : 0;
}

function codeTag(what: string, kind: u32, name: u32): u32 {
  beginText();
  addByte(0x28);
  if (name === EMPTY) {
    addText(kind);
    addByte(0x20);
    addLiteral(what);
  } else {
    addLiteral(what);
    addLiteral(' for ');
    addText(name);
  }
  addByte(0x29);
  return endText();
}

/** Names the code of a builtin, whatever else refers to it. */
export function tagBuiltin(word: u64, name: u32): void {
  const place = placeOf(word);
  if (place === 0 || !typeIs(place, codeType)) return;
  tagOver(word, builtinTag(name, streamsHaveNames ? ' builtin handle)' : ' builtin code)'), KEEP_TYPE);
  const stream = streamOf(place);
  if (stream === 0) return;
  tagOver(
    stream,
    builtinTag(name, streamsHaveNames ? ' builtin)' : ' builtin instruction stream)'),
    KEEP_TYPE,
  );
}

function builtinTag(name: u32, rest: string): u32 {
  beginText();
  addByte(0x28);
  addText(name);
  addLiteral(rest);
  return endText();
}

export function codeEdges(place: usize): void {
  const stream = streamOf(place);
  if (stream === 0) return;
  if (streamsHaveNames) {
    const relocations = load<u64>(place, RELOCATIONS);
    tag(relocations, RELOCATIONS_TAG, CODE_NODE);
    internal(RELOCATIONS_NAME, relocations, <i32>RELOCATIONS);
  } else internal(STREAM, stream, <i32>codeStream);
  const data = load<u64>(place + codeDeoptimization);
  const positions = load<u64>(place + codePositions);
  const kind = load<u32>(place + codeFlags) & KIND_OF_CODE;
  if (kind === baselineKind) {
    tag(data, INTERPRETER_DATA_TAG, KEEP_TYPE);
    internal(INTERPRETER_DATA, data, <i32>codeDeoptimization);
    tag(positions, OFFSETS_TAG, CODE_NODE);
    internal(OFFSETS, positions, <i32>codePositions);
    return;
  }
  if (!streamsHaveNames && kind < firstWeakKind) return;
  tag(data, DEOPTIMIZATION_TAG, CODE_NODE);
  tagDeoptimization(placeOf(data));
  internal(DEOPTIMIZATION, data, <i32>codeDeoptimization);
  tag(positions, POSITIONS_TAG, CODE_NODE);
  internal(POSITIONS, positions, <i32>codePositions);
}

/** Tables of what to do where optimized code gives up: translations, literals, positions of what was inlined. */
function tagDeoptimization(data: usize): void {
  if (data === 0) return;
  const count = elementsIn(data);
  for (let index: u32 = 0; index < count && index < DEOPTIMIZATION_FIELDS; index++) {
    const word = load<u64>(data + 16 + 8 * index);
    const place = (word & 3) === 1 ? placeOf(word) : 0;
    if (place === 0) continue;
    const type = typeOf(mapOf(place));
    if (type === byteTableType || type === byteArrayType || type === weakTableType)
      tag(word, DEOPTIMIZATION_TAG, CODE_NODE);
  }
}

/** Constants of bytecode, three levels deep. */
export function poolTags(place: usize): void {
  tagPool(load<u64>(place + bytecodePool), POOL_DEPTH);
}

function tagPool(word: u64, depth: u32): void {
  const place = (word & 3) === 1 ? placeOf(word) : 0;
  if (place === 0) return;
  const type = typeOf(mapOf(place));
  const isTrusted = trustedFixedArrayType !== 0 && type === trustedFixedArrayType;
  if (isTrusted || type === fixedArrayFirst) {
    if (isTrusted) tagOver(word, POOL_TAG, CODE_NODE);
    else tag(word, POOL_TAG, CODE_NODE);
    if (depth <= 1) return;
    const count = elementsIn(place);
    for (let index: u32 = 0; index < count; index++) tagPool(load<u64>(place + 16 + 8 * index), depth - 1);
  } else if (type === nameDictionaryType || type === numberDictionaryType) tag(word, POOL_TAG, CODE_NODE);
}

export function feedbackEdges(place: usize): void {
  const count = wordsIn(place, feedbackSlots, load<u32>(place, 8));
  for (let index: u32 = 0; index < count; index++) {
    const word = load<u64>(place + feedbackSlots + 8 * index);
    const other = (word & 3) === 1 ? placeOf(word) : 0;
    if (other === 0) continue;
    const type = typeOf(mapOf(other));
    if (type === weakFixedArrayType || type === fixedArrayFirst) tag(word, FEEDBACK_TAG, CODE_NODE);
  }
}

export function scopeTags(place: usize): void {
  const isEmpty = (load<u32>(place + scopeFlags) & scopeIsEmpty) !== 0;
  if (!isEmpty && smallIn(place + scopeLocals) >= MAX_INLINED_LOCALS)
    tag(load<u64>(place + scopeNames(place)), NAMES_TAG, CODE_NODE);
}
