/** Writes to the compiled reader what nodes and edges need: names, types, fields, and V8's own objects. */
import { COMMON_FIELDS, type Field } from '../layouts/fields.js';
import {
  EDGE_TYPES,
  NODE_TYPES,
  nodeKinds,
  type EdgeRule,
  type Naming,
  type NodeKind,
} from '../layouts/node-kinds.js';
import type { CompiledHeap, HeapConstant, HeapNumber } from './compiled-heap.js';
import { fieldOf } from './layout-tables.js';
import type { OpenHeap } from './open-heap.js';
import type { RootSets } from './root-sets.js';
import { UnreadableHeapError } from './unreadable-heap.js';

/** kFirstJSApiObjectType and kLastJSApiObjectType in V8's include/v8-internal.h, the same in every version. */
const FIRST_API_TYPE = 0x422;
const LAST_API_TYPE = 0x80a;

const NAMINGS: Record<Naming, HeapConstant> = {
  type: 'NAMED_BY_TYPE',
  text: 'NAMED_BY_TEXT',
  function: 'NAMED_AS_FUNCTION',
  regexp: 'NAMED_AS_REGEXP',
  constructor: 'NAMED_BY_CONSTRUCTOR',
  symbol: 'NAMED_AS_SYMBOL',
  shared: 'NAMED_AS_SHARED',
  script: 'NAMED_AS_SCRIPT',
  oddball: 'NAMED_AS_ODDBALL',
  map: 'NAMED_AS_MAP',
};
const RULES: Record<EdgeRule, HeapConstant> = {
  fields: 'EDGES_OF_FIELDS',
  object: 'EDGES_OF_OBJECT',
  function: 'EDGES_OF_FUNCTION',
  bound: 'EDGES_OF_BOUND',
  buffer: 'EDGES_OF_BUFFER',
  string: 'EDGES_OF_STRING',
  map: 'EDGES_OF_MAP',
  shared: 'EDGES_OF_SHARED',
  code: 'EDGES_OF_CODE',
  descriptors: 'EDGES_OF_DESCRIPTORS',
  'weak array': 'EDGES_OF_WEAK_ARRAY',
  'weak list': 'EDGES_OF_WEAK_LIST',
  context: 'EDGES_OF_CONTEXT',
  ephemerons: 'EDGES_OF_EPHEMERONS',
  array: 'EDGES_OF_ARRAY',
  bytecode: 'EDGES_OF_BYTECODE',
  feedback: 'EDGES_OF_FEEDBACK',
  transitions: 'EDGES_OF_TRANSITIONS',
  scope: 'EDGES_OF_SCOPE',
};
/** Types that rules ask for, by where the compiled reader has their numbers. */
const TYPES: Partial<Record<HeapNumber, string>> = {
  functionFirst: 'FirstJSFunctionType',
  functionLast: 'LastJSFunctionType',
  receiverFirst: 'JSProxy',
  proxyType: 'JSProxy',
  globalObjectType: 'JSGlobalObject',
  globalProxyType: 'JSGlobalProxy',
  oddballType: 'Oddball',
  scopeInfoType: 'ScopeInfo',
  tuple2Type: 'Tuple2',
  propertyArrayType: 'PropertyArray',
  nameDictionaryType: 'NameDictionary',
  globalDictionaryType: 'GlobalDictionary',
  numberDictionaryType: 'NumberDictionary',
  propertyCellType: 'PropertyCell',
  accessorPairType: 'AccessorPair',
  fixedArrayFirst: 'FixedArray',
  weakFixedArrayType: 'WeakFixedArray',
  transitionArrayType: 'TransitionArray',
  functionTemplateType: 'FunctionTemplateInfo',
  contextFirst: 'FirstContextType',
  contextLast: 'LastContextType',
  jsArrayType: 'JSArray',
  nativeContextType: 'NativeContext',
  fixedDoubleArrayType: 'FixedDoubleArray',
  symbolType: 'Symbol',
  codeType: 'Code',
  feedbackCellType: 'FeedbackCell',
  streamType: 'InstructionStream',
  interpreterDataType: 'InterpreterData',
  scriptType: 'Script',
  generatorFirst: 'JSGeneratorObject',
  generatorLast: 'JSAsyncGeneratorObject',
  primitiveWrapperType: 'JSPrimitiveWrapper',
  bigIntType: 'BigInt',
  heapNumberType: 'HeapNumber',
};
const WORDS: Partial<Record<HeapNumber, string>> = {
  undefinedWord: 'undefined_value',
  holeWord: 'the_hole_value',
  protoName: 'proto_string',
  prototypeName: 'prototype_string',
  constructorName: 'constructor_string',
  toStringTag: 'to_string_tag_symbol',
  nameName: 'name_string',
};
const INESSENTIAL = [
  ...['empty_byte_array', 'empty_fixed_array', 'empty_weak_fixed_array', 'empty_descriptor_array'],
  ...['fixed_array_map', 'cell_map', 'global_property_cell_map', 'shared_function_info_map'],
  ...['free_space_map', 'one_pointer_filler_map', 'two_pointer_filler_map', 'the_hole_value'],
];

/** What marking needs, too. */
export function writeRules(heap: OpenHeap): void {
  const { compiled, types, version } = heap;
  writeTypes(heap);
  for (const [name, value] of Object.entries(version.offsets) as [HeapNumber, number][])
    compiled.set(name, value);
  compiled.set('baselineKind', version.codeKinds.indexOf('BASELINE'));
  compiled.set('holeType', version.holesSayNothing ? types.of('Hole') : 0);
  compiled.set('firstWeakKind', version.codeKinds.indexOf('MAGLEV'));
}

export function writeGraphTables(heap: OpenHeap): void {
  const { compiled, types, version } = heap;
  const kinds = nodeKinds(types, version, compiled.constants.MAX_TYPES);
  kinds.forEach((kind, type) => writeKind(compiled, type, kind));
  for (const [name, fields] of Object.entries({ ...COMMON_FIELDS, ...version.fields })) {
    const type = types.find(name);
    if (type !== null) writeFields(compiled, type, fields);
  }
  const [first, last] = types.range('FirstJSFunctionType', 'LastJSFunctionType');
  for (let type = first; type <= last; type++) writeFields(compiled, type, version.fields.JSFunction);
  version.codeKinds.forEach((kind, index) =>
    compiled.view().setUint32(compiled.get('codeKinds') + index * 4, internText(compiled, kind), true),
  );
  for (const [name, offset] of Object.entries(version.visitedTwice))
    compiled.view().setUint32(compiled.typeRow(types.of(name)) + compiled.constants.TWICE, offset, true);
  writeContextNames(heap);
}

function writeTypes({ compiled, types, roots, program }: OpenHeap): void {
  for (const [name, type] of Object.entries(TYPES)) compiled.set(name as HeapNumber, types.of(type));
  compiled.set('trustedFixedArrayType', types.find('TrustedFixedArray') ?? 0);
  compiled.set('byteArrayType', types.of('ByteArray'));
  compiled.set('byteTableType', types.find('TrustedByteArray') ?? types.of('ByteArray'));
  compiled.set('weakTableType', types.find('TrustedWeakFixedArray') ?? types.of('WeakFixedArray'));
  compiled.set('fixedArrayLast', types.of('ByteArray') - 1);
  compiled.set('uncompiledFirst', types.of('UncompiledDataWithPreparseData'));
  compiled.set('uncompiledLast', types.of('UncompiledDataWithPreparseData') + 3);
  compiled.set('apiFirst', FIRST_API_TYPE);
  compiled.set('apiLast', LAST_API_TYPE);
  compiled.set('descriptorsAt', fieldOf(program.symbols, 'DescriptorArray__header_size'));
  const root = (name: string): bigint => {
    const word = roots.byName.get(name);
    if (word === undefined) throw new UnreadableHeapError(`the roots table lacks ${name}`);
    return word;
  };
  for (const [name, of] of Object.entries(WORDS)) compiled.setWord(name as HeapNumber, root(of));
  const inessential = INESSENTIAL.flatMap((name) => roots.byName.get(name) ?? []);
  inessential.forEach((word, index) =>
    compiled.view().setBigUint64(compiled.get('inessential') + index * 8, word, true),
  );
  compiled.set('inessentialCount', inessential.length);
}

function writeKind(
  heap: CompiledHeap,
  type: number,
  { naming, type: nodeType, name, edges }: NodeKind,
): void {
  const { constants } = heap;
  const id = internText(heap, name);
  const row = heap.typeRow(type);
  heap.view().setUint8(row + constants.NAMING, constants[NAMINGS[naming]]);
  heap.view().setUint8(row + constants.NODE_TYPE, NODE_TYPES.indexOf(nodeType));
  heap.view().setUint8(row + constants.EDGES, constants[RULES[edges]]);
  heap.view().setUint32(row + constants.NAME, id, true);
}

/** @throws {UnreadableHeapError} */
function writeFields(heap: CompiledHeap, type: number, fields: readonly Field[]): void {
  const { constants } = heap;
  const list = heap.reserve(fields.length * constants.FIELD_BYTES) >>> 0;
  if (list === 0) throw new UnreadableHeapError('there is not enough memory to read the heap');
  fields.forEach(({ offset, name, weak, tag, tagType }, index) => {
    const [nameId, tagId] = [internText(heap, name ?? ''), internText(heap, tag ?? '')];
    const edge = name === null ? constants.NO_EDGE : EDGE_TYPES.indexOf(weak === true ? 'weak' : 'internal');
    const at = list + index * constants.FIELD_BYTES;
    const view = heap.view();
    view.setUint16(at, offset, true);
    view.setUint8(at + 2, edge);
    view.setUint8(at + 3, tagType === undefined ? constants.KEEP_TYPE : NODE_TYPES.indexOf(tagType));
    view.setUint32(at + 4, nameId, true);
    view.setUint32(at + 8, tagId, true);
  });
  heap.view().setUint32(heap.typeRow(type) + constants.FIELDS, list, true);
  heap.view().setUint32(heap.typeRow(type) + constants.FIELD_COUNT, fields.length, true);
}

function writeContextNames({ compiled, names: { contextFields } }: OpenHeap): void {
  contextFields.forEach(({ slot, name }, index) => {
    const id = internText(compiled, name);
    compiled.view().setUint32(compiled.get('contextNames') + index * 8, slot, true);
    compiled.view().setUint32(compiled.get('contextNames') + index * 8 + 4, id, true);
  });
  compiled.set('contextNameCount', contextFields.length);
}

/** Names the code of each builtin, in the order of both. */
export function tagBuiltins({ compiled, names }: OpenHeap, { builtins }: RootSets): void {
  builtins.forEach((word, index) => {
    if (index < names.builtins.length) compiled.tagBuiltin(word, internText(compiled, names.builtins[index]));
  });
}

/** The number of a name, made up of ASCII. */
export function internText(heap: CompiledHeap, text: string): number {
  heap.beginText();
  for (let at = 0; at < text.length; at++) heap.addCharacter(text.charCodeAt(at));
  return heap.endText() >>> 0;
}
