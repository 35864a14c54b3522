/** The part of the reader that is compiled to WebAssembly (packages/v8-heap/assembly), an instance for each image. */
import { HEAP_WASM } from '../compiled/heap-wasm.js';

/** Described where they are made: packages/v8-heap/assembly, each in the module of its kind. Places are numbers. */
interface Functions {
  reserve: (bytes: number) => number;
  reserveHeap: (bytes: number) => number;
  addPage: (address: bigint, size: number, start: bigint, end: bigint, flags: number) => number;
  placeOf: (word: bigint) => number;
  addressOf: (place: number) => bigint;
  mapOf: (place: number) => number;
  mapNamed: (word: bigint) => number;
  typeOf: (map: number) => number;
  placeOfMap: (map: number) => number;
  typeRow: (type: number) => number;
  walkPage: (index: number) => void;
  reserveBits: () => number;
  markReadOnly: (index: number) => void;
  markRoot: (word: bigint) => void;
  markEmptied: (word: bigint) => void;
  markEphemerons: () => void;
  rankAlive: () => number;
}

/** Numbers that are set before reading, and results. */
export type HeapNumber =
  | 'mapType'
  | 'mapInstanceSize'
  | 'mapInstanceType'
  | 'scopeFlags'
  | 'scopeLocals'
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
  | 'mapCount'
  | 'spots'
  | 'spotCount'
  | 'objectCount'
  | 'aliveCount'
  | 'bogusCount'
  | 'isMarkingShort'
  | 'isStackFull';

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
  'LARGE',
  'MAX_SPOTS',
  'SPOT_BYTES',
  'NO_TYPE',
  'SCOPE_PART_BYTES',
  'SCOPE_FUNCTION_NAME',
  'SCOPE_INFERRED_NAME',
  'SCOPE_OUTER',
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
] as const;

export type HeapConstant = (typeof CONSTANTS)[number];

export interface CompiledHeap extends Functions {
  constants: Record<HeapConstant, number>;
  get(name: HeapNumber): number;
  set(name: HeapNumber, value: number): void;
  /** All of its memory; another object after it has grown. */
  view(): DataView;
  bytes(address: number, length: number): Uint8Array;
}

type Exports = Functions &
  Record<HeapNumber | HeapConstant, WebAssembly.Global> & { memory: WebAssembly.Memory };

let compiled: WebAssembly.Module | undefined;

/** @throws {Error} where there is no WebAssembly */
export function compiledHeap(): CompiledHeap {
  compiled ??= new WebAssembly.Module(Uint8Array.from(atob(HEAP_WASM), (letter) => letter.charCodeAt(0)));
  const exports = new WebAssembly.Instance(compiled, {}).exports as Exports;
  let view = new DataView(exports.memory.buffer);
  return {
    ...exports,
    constants: Object.fromEntries(CONSTANTS.map((name) => [name, exports[name].value])) as Record<
      HeapConstant,
      number
    >,
    get: (name) => exports[name].value,
    set: (name, value) => {
      exports[name].value = value;
    },
    view: () => {
      if (view.buffer !== exports.memory.buffer) view = new DataView(exports.memory.buffer);
      return view;
    },
    bytes: (address, length) => new Uint8Array(exports.memory.buffer, address, length),
  };
}
