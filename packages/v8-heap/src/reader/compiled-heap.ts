/** The part of the reader that is compiled to WebAssembly (packages/v8-heap/assembly), an instance for each image. */
import { HEAP_WASM } from '../compiled/heap-wasm.js';

/** Described where they are made: packages/v8-heap/assembly, each in the module of its kind. Places are numbers. */
interface Functions {
  reserve: (bytes: number) => number;
  reserveHeap: (bytes: number) => number;
  addPage: (address: bigint, size: number, start: bigint, end: bigint, flags: number) => number;
  placeOf: (word: bigint) => number;
  mapOf: (place: number) => number;
  mapNamed: (word: bigint) => number;
  typeOf: (map: number) => number;
  typeRow: (type: number) => number;
  /** In bytes. */
  sizeOf: (map: number, place: number) => bigint;
  walkPage: (index: number) => void;
  reserveBits: () => number;
  markReadOnly: (index: number) => void;
  markRoot: (word: bigint) => void;
  markEmptied: (word: bigint) => void;
  markEphemerons: () => void;
  forgetAlive: () => void;
  doomCode: () => number;
  rankAlive: () => number;
  reserveNodes: (before: number, after: number) => number;
  reserveFirstEdges: (nodes: number) => number;
  setNode: (node: number, type: number, name: number, size: number) => void;
  nodeOf: (place: number) => number;
  putEdge: (type: number, name: number, to: number) => void;
  nextAlive: (place: number) => number;
  nextString: (place: number, mask: number, bits: number) => number;
  nextLocated: (place: number) => number;
  addressOf: (place: number) => bigint;
  nameOfNumber: (value: number) => number;
  countOf: (type: number) => number;
  nameNodes: () => void;
  addNode: (type: number, name: number, size: number) => number;
  tagBuiltin: (word: bigint, name: number) => void;
  identify: () => number;
  sipHash: (word: bigint) => bigint;
  extractEdges: () => void;
  target: (word: bigint) => number;
  beginText: () => void;
  addCharacter: (code: number) => void;
  endText: () => number;
  writeJson: (id: number, to: number, end: number) => number;
}

/** Numbers that are set before reading, and results. */
export type HeapNumber =
  | 'mapType'
  | 'mapInstanceSize'
  | 'mapInstanceType'
  | 'scopeFlags'
  | 'scopeLocals'
  | 'scopePosition'
  | 'sharedScript'
  | 'scriptType'
  | 'generatorFirst'
  | 'generatorLast'
  | 'locatedScript'
  | 'locatedPosition'
  | 'scopeHeader'
  | 'scopeOfModule'
  | 'moduleCountFirst'
  | 'scopeIsEmpty'
  | 'scopeParts'
  | 'scopePartCount'
  | 'feedbackClosureBytes'
  | 'streamBodySize'
  | 'streamCode'
  | 'codeInstructionSize'
  | 'codeMetadataSize'
  | 'functionHandle'
  | 'feedbackCellHandle'
  | 'dispatchTable'
  | 'dispatchBytes'
  | 'pageCount'
  | 'heapStart'
  | 'heapEnd'
  | 'spots'
  | 'spotCount'
  | 'objectCount'
  | 'aliveCount'
  | 'isMarkingShort'
  | 'isStackFull'
  | 'undefinedWord'
  | 'holeWord'
  | 'protoName'
  | 'prototypeName'
  | 'constructorName'
  | 'toStringTag'
  | 'nameName'
  | 'functionFirst'
  | 'functionLast'
  | 'receiverFirst'
  | 'proxyType'
  | 'globalObjectType'
  | 'globalProxyType'
  | 'ownNamesCount'
  | 'globalsSayWhich'
  | 'oddballType'
  | 'scopeInfoType'
  | 'uncompiledFirst'
  | 'uncompiledLast'
  | 'tuple2Type'
  | 'propertyArrayType'
  | 'nameDictionaryType'
  | 'globalDictionaryType'
  | 'numberDictionaryType'
  | 'propertyCellType'
  | 'accessorPairType'
  | 'fixedArrayFirst'
  | 'fixedArrayLast'
  | 'trustedFixedArrayType'
  | 'weakFixedArrayType'
  | 'transitionArrayType'
  | 'functionTemplateType'
  | 'contextFirst'
  | 'contextLast'
  | 'jsArrayType'
  | 'nativeContextType'
  | 'fixedDoubleArrayType'
  | 'functionContext'
  | 'collections'
  | 'fullCollections'
  | 'idKey0'
  | 'idKey1'
  | 'idsLast'
  | 'symbolType'
  | 'codeType'
  | 'feedbackCellType'
  | 'interpreterEntry'
  | 'streamType'
  | 'interpreterDataType'
  | 'descriptorsAt'
  | 'functionShared'
  | 'sharedData'
  | 'sharedOldData'
  | 'sharedNameOrScope'
  | 'codeFlags'
  | 'codeStream'
  | 'codeDeoptimization'
  | 'codePositions'
  | 'baselineKind'
  | 'feedbackSlots'
  | 'externalSize'
  | 'regexpSource'
  | 'apiFirst'
  | 'apiLast'
  | 'apiHeader'
  | 'bufferStore'
  | 'bufferBytes'
  | 'codeKinds'
  | 'contextNames'
  | 'contextNameCount'
  | 'inessential'
  | 'inessentialCount'
  | 'emptied'
  | 'emptiedCount'
  | 'nodeTypes'
  | 'nodeNames'
  | 'nodeSizes'
  | 'nodeCount'
  | 'firstNode'
  | 'firstEdges'
  | 'edgeCount'
  | 'buffered'
  | 'bufferTypes'
  | 'bufferNames'
  | 'bufferTargets'
  | 'textCount'
  | 'jsonEnd'
  | 'isTextFull'
  | 'readOnlySize'
  | 'holeType'
  | 'transitionHeader'
  | 'privateFlags'
  | 'privateNameFlags'
  | 'streamHeader'
  | 'streamRelocations'
  | 'relocationConstPool'
  | 'relocationPcJump'
  | 'relocationSwitch'
  | 'streamsHaveNames'
  | 'sharedTagsItself'
  | 'bytecodePool'
  | 'firstWeakKind'
  | 'primitiveWrapperType'
  | 'bigIntType'
  | 'heapNumberType'
  | 'byteArrayType'
  | 'byteTableType'
  | 'weakTableType';

/** Constants. */
const CONSTANTS = [
  'MAX_TYPES',
  'SIZE_RULE',
  'SIZE_UNIT',
  'SIZE_HEADER',
  'SIZE_LENGTH_AT',
  'SIZE_BY_SMALL',
  'SIZE_BY_32',
  'SIZE_BY_16',
  'SIZE_BY_LOW_BITS',
  'SIZE_OF_BIGINT',
  'SIZE_OF_SCOPE',
  'SIZE_OF_FEEDBACK_METADATA',
  'SIZE_OF_PREPARSE_DATA',
  'SIZE_OF_INSTRUCTIONS',
  'SIZE_FIXED',
  'READ_ONLY',
  'NO_NODE',
  'EXTERNAL',
  'REPRESENTATION',
  'LARGE',
  'YOUNG',
  'MAX_SPOTS',
  'SPOT_BYTES',
  'NO_TYPE',
  'SCOPE_PART_BYTES',
  'SCOPE_FUNCTION_NAME',
  'SCOPE_INFERRED_NAME',
  'SCOPE_OUTER',
  'SCOPE_POSITION',
  'VISIT_FROM',
  'VISIT_TO',
  'VISIT',
  'WEAK_WORDS',
  'VISIT_RANGE',
  'VISIT_NOTHING',
  'VISIT_EPHEMERONS',
  'VISIT_PREPARSE_DATA',
  'VISIT_FUNCTION',
  'VISIT_FEEDBACK_CELL',
  'VISIT_NATIVE_CONTEXT',
  'VISIT_STRING',
  'VISIT_FREE',
  'VISIT_MAP',
  'VISIT_DESCRIPTORS',
  'VISIT_INSTRUCTIONS',
  'EDGES',
  'NAMING',
  'NODE_TYPE',
  'NAME',
  'FIELDS',
  'FIELD_COUNT',
  'TWICE',
  'FIELD_BYTES',
  'NO_EDGE',
  'KEEP_TYPE',
  'NAMED_BY_TYPE',
  'NAMED_BY_TEXT',
  'NAMED_AS_FUNCTION',
  'NAMED_AS_REGEXP',
  'NAMED_BY_CONSTRUCTOR',
  'NAMED_AS_SYMBOL',
  'NAMED_AS_SHARED',
  'NAMED_AS_SCRIPT',
  'NAMED_AS_ODDBALL',
  'NAMED_AS_MAP',
  'EDGES_OF_FIELDS',
  'EDGES_OF_OBJECT',
  'EDGES_OF_FUNCTION',
  'EDGES_OF_BOUND',
  'EDGES_OF_BUFFER',
  'EDGES_OF_STRING',
  'EDGES_OF_MAP',
  'EDGES_OF_SHARED',
  'EDGES_OF_CODE',
  'EDGES_OF_DESCRIPTORS',
  'EDGES_OF_WEAK_ARRAY',
  'EDGES_OF_WEAK_LIST',
  'EDGES_OF_CONTEXT',
  'EDGES_OF_EPHEMERONS',
  'EDGES_OF_ARRAY',
  'EDGES_OF_BYTECODE',
  'EDGES_OF_FEEDBACK',
  'EDGES_OF_TRANSITIONS',
  'EDGES_OF_SCOPE',
] as const;

export type HeapConstant = (typeof CONSTANTS)[number];

/** What the compiled part asks for. */
export interface Outside {
  /** Where a copy of bytes outside of the heap is; 0 where there are none. */
  readOutside(address: bigint, bytes: number): number;
  /** Takes the edges that are in the buffer. */
  takeEdges(): void;
  /** An edge of another node than the one whose turn it is. */
  takeOther(from: number, type: number, name: number, to: number): void;
  /** The node for memory that an array buffer has, whose id is given too. */
  backingStore(address: bigint, bytes: bigint, owner: number): number;
}

export interface CompiledHeap extends Functions {
  constants: Record<HeapConstant, number>;
  get(name: HeapNumber): number;
  set(name: HeapNumber, value: number): void;
  /** Of 64 bits. */
  setWord(name: HeapNumber, value: bigint): void;
  /** What it asks for while it makes edges; to be set before. */
  outside: Outside;
  /** All of its memory; another object after it has grown. */
  view(): DataView;
  bytes(address: number, length: number): Uint8Array;
}

type Exports = Functions &
  Record<HeapNumber | HeapConstant, WebAssembly.Global> & { memory: WebAssembly.Memory };

const NOTHING: Outside = {
  readOutside: () => 0,
  takeEdges: () => undefined,
  takeOther: () => undefined,
  backingStore: () => -1,
};

let compiled: WebAssembly.Module | undefined;

/** @throws {Error} where there is no WebAssembly */
export function compiledHeap(): CompiledHeap {
  compiled ??= new WebAssembly.Module(Uint8Array.from(atob(HEAP_WASM), (letter) => letter.charCodeAt(0)));
  const imports: Outside = {
    readOutside: (address, bytes) => heap.outside.readOutside(address, bytes),
    takeEdges: () => heap.outside.takeEdges(),
    takeOther: (from, type, name, to) => heap.outside.takeOther(from >>> 0, type, name >>> 0, to >>> 0),
    backingStore: (address, bytes, owner) => heap.outside.backingStore(address, bytes, owner >>> 0),
  };
  const exports = new WebAssembly.Instance(compiled, { outside: imports }).exports as Exports;
  let view = new DataView(exports.memory.buffer);
  const heap: CompiledHeap = {
    ...exports,
    constants: Object.fromEntries(CONSTANTS.map((name) => [name, exports[name].value])) as Record<
      HeapConstant,
      number
    >,
    get: (name) => exports[name].value,
    set: (name, value) => {
      exports[name].value = value;
    },
    setWord: (name, value) => {
      (exports[name] as { value: unknown }).value = value;
    },
    outside: NOTHING,
    view: () => {
      if (view.buffer !== exports.memory.buffer) view = new DataView(exports.memory.buffer);
      return view;
    },
    bytes: (address, length) => new Uint8Array(exports.memory.buffer, address, length),
  };
  return heap;
}
