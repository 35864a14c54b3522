/**
 * Offsets of fields in heap objects, from V8's postmortem metadata. What that metadata omits is derived from
 * the numbering of V8's instance types (src/objects/objects-definitions.h and instance-type.h in V8).
 */
import type { PostmortemSymbols } from './symbols.js';

/** The metadata is incomplete or contradictory. */
export class UnknownLayoutError extends Error {
  override name = 'UnknownLayoutError';
}

/** Numbers of instance types. */
export interface InstanceTypes {
  map: number;
  firstNonstring: number;
  symbol: number;
  bigInt: number;
  heapNumber: number;
  oddball: number;
  fixedArrays: [first: number, last: number];
  byteArray: number;
  fixedDoubleArray: number;
  bytecodeArray: number;
  propertyArray: number;
  weakFixedArray: number;
  transitionArray: number;
  weakArrayList: number;
  descriptorArray: number;
  filler: number;
  freeSpace: number;
  contexts: [first: number, last: number];
  functions: [first: number, last: number];
  jsObject: number;
  regExp: number;
  /** All types that belong to code. */
  code: ReadonlySet<number>;
  /** Types that describe shapes of objects. */
  shapes: ReadonlySet<number>;
  receivers: ReadonlySet<number>;
  scopeInfo: number;
  sharedFunctionInfo: number;
  tuple2: number;
}

/** Offsets in bytes. */
export interface ObjectLayout {
  types: InstanceTypes;
  map: {
    instanceSizeInWords: number;
    inObjectStartInWords: number;
    instanceType: number;
    bitField2: number;
    bitField3: number;
    prototype: number;
    constructorOrBackPointer: number;
    descriptors: number;
  };
  /** Bit in bit field 3. */
  dictionaryBit: number;
  ownDescriptors: { mask: number; shift: number };
  object: { properties: number };
  array: { length: number; data: number };
  bytecodeData: number;
  descriptorArrayHeader: number;
  /** Unit of the length of free space, in bytes. */
  freeSpaceUnit: number;
  details: {
    locationMask: number;
    indexMask: number;
    indexShift: number;
    representationMask: number;
    representationShift: number;
    smi: number;
  };
  nameDictionary: { prefix: number; entryWords: number };
  function: { shared: number };
  sharedFunctionInfo: { nameOrScopeInfo: number };
  scopeInfo: { localCount: number; firstLocal: number };
  string: {
    length: number;
    chars: number;
    first: number;
    second: number;
    actual: number;
    representationMask: number;
    cons: number;
    external: number;
    sliced: number;
    thin: number;
    oneByteBit: number;
  };
}

const CODE = [
  'AllocationSite',
  'ArrayBoilerplateDescription',
  'BytecodeArray',
  'ClosureFeedbackCellArray',
  'Code',
  'FeedbackCell',
  'FeedbackVector',
  'InstructionStream',
  'InterpreterData',
  'ObjectBoilerplateDescription',
  'PreparseData',
  'RegExpBoilerplateDescription',
  'ScopeInfo',
  'Script',
  'SharedFunctionInfo',
  'TemplateObjectDescription',
  'UncompiledDataWithPreparseData',
  'UncompiledDataWithPreparseDataAndJob',
  'UncompiledDataWithoutPreparseData',
  'UncompiledDataWithoutPreparseDataWithJob',
];
const SHAPES = ['Map', 'DescriptorArray', 'StrongDescriptorArray', 'PrototypeInfo', 'EnumCache'];
/** JSFunction and the constructors that have types of their own. */
export const FUNCTION_TYPES = 17;
/** String types are numbered below all other types. */
export const STRING_TYPES = 128;

/**
 * Builds the layout from the metadata.
 * @throws {UnknownLayoutError}
 */
// eslint-disable-next-line max-lines-per-function -- a table: one line a fact
export function objectLayout(symbols: PostmortemSymbols): ObjectLayout {
  const value = (name: string): number => {
    const found = symbols.get(name);
    if (found === undefined) throw new UnknownLayoutError(`it lacks v8dbg_${name}`);
    return found;
  };
  const beginning = (start: string): number => {
    for (const [name, found] of symbols) if (name.startsWith(start)) return found;
    throw new UnknownLayoutError(`it lacks v8dbg_${start}…`);
  };
  // Symbol names end in the field's type, whose name in V8's source changes.
  const field = (name: string): number => within(beginning(`class_${name}__`), 0, 1 << 10, name);
  const type = (name: string): number => within(beginning(`type_${name}__`), 0, 0xffff, name);
  const typesOf = (names: readonly string[]): number[] =>
    names.flatMap((name) =>
      [...symbols].filter(([each]) => each.startsWith(`type_${name}__`)).map(([, n]) => n),
    );

  if (
    value('HeapObjectTag') !== 1 ||
    value('TaggedSize') !== 8 ||
    value('SmiValueShift') + value('SmiShiftSize') !== 32
  )
    throw new UnknownLayoutError('it compresses pointers');
  if (value('FirstNonstringType') !== STRING_TYPES)
    throw new UnknownLayoutError('it numbers strings differently');

  const byteArray = type('ByteArray');
  const feedbackVector = type('FeedbackVector');
  const weakFixedArray = type('WeakFixedArray');
  const heapNumber = type('HeapNumber');
  const firstFunction = type('JSFunction');
  const receivers = [...symbols].filter(([name]) => /^type_JS/.test(name)).map(([, number]) => number);
  return {
    types: {
      map: type('Map'),
      firstNonstring: STRING_TYPES,
      symbol: type('Symbol'),
      bigInt: heapNumber - 1,
      heapNumber,
      oddball: type('Oddball'),
      fixedArrays: [type('FixedArray'), byteArray - 1],
      byteArray,
      fixedDoubleArray: type('FixedDoubleArray'),
      bytecodeArray: type('BytecodeArray'),
      propertyArray: type('PropertyArray'),
      weakFixedArray,
      transitionArray: weakFixedArray + 1,
      weakArrayList: type('WeakArrayList'),
      descriptorArray: type('DescriptorArray'),
      filler: feedbackVector + 1,
      freeSpace: feedbackVector + 2,
      contexts: [value('FirstContextType'), value('LastContextType')],
      functions: [firstFunction, firstFunction + FUNCTION_TYPES - 1],
      jsObject: type('JSObject'),
      regExp: type('JSRegExp'),
      code: new Set(typesOf(CODE)),
      shapes: new Set([...typesOf(SHAPES), weakFixedArray + 1]),
      receivers: new Set(receivers),
      scopeInfo: type('ScopeInfo'),
      sharedFunctionInfo: type('SharedFunctionInfo'),
      tuple2: type('Tuple2'),
    },
    map: {
      instanceSizeInWords: field('Map__instance_size_in_words'),
      inObjectStartInWords: field('Map__inobject_properties_start_or_constructor_function_index'),
      instanceType: field('Map__instance_type'),
      bitField2: field('Map__bit_field2'),
      bitField3: field('Map__bit_field3'),
      prototype: field('Map__prototype'),
      constructorOrBackPointer: field('Map__constructor_or_back_pointer'),
      descriptors: value('class_Map__instance_descriptors_offset'),
    },
    dictionaryBit: within(value('bit_field3_is_dictionary_map_shift'), 0, 31, 'a shift'),
    ownDescriptors: {
      mask: value('bit_field3_number_of_own_descriptors_mask'),
      shift: value('bit_field3_number_of_own_descriptors_shift'),
    },
    object: { properties: field('JSReceiver__raw_properties_or_hash') },
    array: { length: field('FixedArrayBase__length'), data: field('FixedArray__data') },
    bytecodeData: field('BytecodeArray__data'),
    // Counted in words since the metadata no longer contains its type.
    freeSpaceUnit: typesOf(['FreeSpace']).length > 0 ? 1 : 8,
    descriptorArrayHeader: field('DescriptorArray__header_size'),
    details: {
      locationMask: value('prop_location_mask'),
      indexMask: value('prop_index_mask'),
      indexShift: value('prop_index_shift'),
      representationMask: value('prop_representation_mask'),
      representationShift: value('prop_representation_shift'),
      smi: value('prop_representation_smi'),
    },
    nameDictionary: {
      prefix: value('namedictionary_prefix_start_index') + value('namedictionaryshape_prefix_size'),
      entryWords: value('namedictionaryshape_entry_size'),
    },
    function: { shared: field('JSFunction__shared') },
    sharedFunctionInfo: { nameOrScopeInfo: field('SharedFunctionInfo__name_or_scope_info') },
    scopeInfo: {
      localCount: 8 + 8 * value('scopeinfo_idx_ncontextlocals'),
      firstLocal: 8 + 8 * value('scopeinfo_idx_first_vars'),
    },
    string: {
      length: field('String__length'),
      chars: field('SeqOneByteString__chars'),
      first: field('ConsString__first'),
      second: field('ConsString__second'),
      actual: field('ThinString__actual'),
      representationMask: value('StringRepresentationMask'),
      cons: value('ConsStringTag'),
      external: value('ExternalStringTag'),
      sliced: value('SlicedStringTag'),
      thin: value('ThinStringTag'),
      oneByteBit: value('OneByteStringTag'),
    },
  };
}

function within(value: number, least: number, most: number, what: string): number {
  if (value >= least && value <= most) return value;
  throw new UnknownLayoutError(`it says ${value} of ${what}`);
}
