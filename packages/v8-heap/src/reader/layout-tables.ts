/** Writes what is known of this version of V8 to where the compiled reader looks it up. */
import { commonSizes } from '../layouts/common-sizes.js';
import type { HeapTypes } from '../layouts/types.js';
import type { ScopePart, SizeBy, SizeRule, V8Version } from '../layouts/version.js';
import { visitOnly, visitRange, visitRules, type VisitBy, type VisitRule } from '../layouts/visits.js';
import { WORD } from '../image/memory-words.js';
import { STRING_TYPES, UnknownLayoutError } from '../object-layout.js';
import type { PostmortemSymbols } from '../symbols.js';
import type { CompiledHeap, HeapConstant } from './compiled-heap.js';

/** What finding maps needs. */
export function writeMapLayout(heap: CompiledHeap, symbols: PostmortemSymbols, types: HeapTypes): void {
  heap.set('mapType', types.of('Map'));
  heap.set('mapInstanceSize', fieldOf(symbols, 'Map__instance_size_in_words'));
  heap.set('mapInstanceType', fieldOf(symbols, 'Map__instance_type'));
}

/** What the sizes of objects need. */
export function writeSizes(
  heap: CompiledHeap,
  version: V8Version,
  symbols: PostmortemSymbols,
  types: HeapTypes,
): void {
  const rules = commonSizes(types, fieldOf(symbols, 'DescriptorArray__header_size'));
  for (const [name, rule] of Object.entries(version.sizes)) rules.set(types.of(name), rule);
  for (const [type, rule] of rules) writeSizeRule(heap, type, rule);
  writeScopes(heap, version);
  heap.set('feedbackClosureBytes', version.feedbackClosureBytes);
  if ('bodySize' in version.stream) heap.set('streamBodySize', version.stream.bodySize);
  else {
    heap.set('streamCode', version.offsets.streamCode);
    heap.set('codeInstructionSize', version.stream.instructionSize);
    heap.set('codeMetadataSize', version.stream.metadataSize);
  }
}

/** What marking needs. */
export function writeVisits(heap: CompiledHeap, version: V8Version, types: HeapTypes): void {
  const { MAX_TYPES } = heap.constants;
  const rules = visitRules(types, version.visits);
  for (let type = 0; type < STRING_TYPES; type++) writeVisitRule(heap, type, visitOnly('string'));
  for (let type = STRING_TYPES; type < MAX_TYPES; type++)
    writeVisitRule(heap, type, rules.get(type) ?? visitRange(8));
  if (version.dispatchHandles !== null) {
    heap.set('functionHandle', version.dispatchHandles.function);
    heap.set('feedbackCellHandle', version.dispatchHandles.feedbackCell);
  }
}

const VISITS: Record<VisitBy, HeapConstant> = {
  range: 'VISIT_RANGE',
  nothing: 'VISIT_NOTHING',
  ephemerons: 'VISIT_EPHEMERONS',
  'preparse data': 'VISIT_PREPARSE_DATA',
  function: 'VISIT_FUNCTION',
  'feedback cell': 'VISIT_FEEDBACK_CELL',
  'native context': 'VISIT_NATIVE_CONTEXT',
  string: 'VISIT_STRING',
  free: 'VISIT_FREE',
  map: 'VISIT_MAP',
  descriptors: 'VISIT_DESCRIPTORS',
  instructions: 'VISIT_INSTRUCTIONS',
};

function writeVisitRule(heap: CompiledHeap, type: number, { by, from, to, weak = [] }: VisitRule): void {
  const { constants } = heap;
  const row = heap.typeRow(type);
  heap.view().setUint8(row + constants.VISIT, constants[VISITS[by]]);
  heap.view().setUint16(row + constants.VISIT_FROM, from, true);
  heap.view().setUint16(row + constants.VISIT_TO, to, true);
  const words = weak.reduce((mask, offset) => mask | (1 << (offset / WORD)), 0);
  heap.view().setUint32(row + constants.WEAK_WORDS, words, true);
}

const SIZE_RULES: Record<SizeBy, HeapConstant> = {
  small: 'SIZE_BY_SMALL',
  '32 bits': 'SIZE_BY_32',
  '16 bits': 'SIZE_BY_16',
  'low bits': 'SIZE_BY_LOW_BITS',
  bigint: 'SIZE_OF_BIGINT',
  scope: 'SIZE_OF_SCOPE',
  'feedback metadata': 'SIZE_OF_FEEDBACK_METADATA',
  'preparse data': 'SIZE_OF_PREPARSE_DATA',
  instructions: 'SIZE_OF_INSTRUCTIONS',
  nothing: 'SIZE_FIXED',
};

function writeSizeRule(heap: CompiledHeap, type: number, { by, header, unit, lengthAt }: SizeRule): void {
  const { constants } = heap;
  const row = heap.typeRow(type);
  heap.view().setUint8(row + constants.SIZE_RULE, constants[SIZE_RULES[by]]);
  heap.view().setUint8(row + constants.SIZE_UNIT, unit);
  heap.view().setUint32(row + constants.SIZE_HEADER, header, true);
  heap.view().setUint16(row + constants.SIZE_LENGTH_AT, lengthAt, true);
}

/** Parts that are looked for. */
const SCOPE_PARTS: Partial<Record<ScopePart['kind'], HeapConstant>> = {
  'function name': 'SCOPE_FUNCTION_NAME',
  'inferred name': 'SCOPE_INFERRED_NAME',
  'outer scope': 'SCOPE_OUTER',
  position: 'SCOPE_POSITION',
};

function writeScopes(heap: CompiledHeap, { scope }: V8Version): void {
  heap.set('scopeFlags', scope.flags);
  heap.set('scopeLocals', 3 * WORD);
  heap.set('scopePosition', scope.position);
  heap.set('scopeHeader', scope.headerWords * WORD);
  heap.set('scopeOfModule', scope.module);
  heap.set('moduleCountFirst', scope.moduleCountFirst ? 1 : 0);
  heap.set('scopeIsEmpty', scope.emptyFlag);
  heap.set('scopePartCount', scope.parts.length);
  scope.parts.forEach(({ kind, flags, types, words }, index) => {
    const row = heap.get('scopeParts') + index * heap.constants.SCOPE_PART_BYTES;
    const part = SCOPE_PARTS[kind];
    const typeMask = types.reduce((mask, type) => mask | (1 << type), 0);
    [part === undefined ? 0 : heap.constants[part], flags, typeMask, words].forEach((value, field) =>
      heap.view().setUint32(row + field * 4, value, true),
    );
  });
}

/** Where a field of a class is, in bytes: its name in the metadata ends in its type. */
export function fieldOf(symbols: PostmortemSymbols, name: string): number {
  for (const [symbol, value] of symbols) if (symbol.startsWith(`class_${name}__`)) return value;
  throw new UnknownLayoutError(`it lacks v8dbg_class_${name}`);
}
