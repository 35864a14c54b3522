/** The versions of V8 that are known: those of Node.js 20, 22, 24 and 26. */
import {
  by32,
  fixed,
  small,
  special,
  type ScopePart,
  type V8Version,
  type VersionOffsets,
} from './version.js';
import { FUNCTION_TYPES } from '../object-layout.js';
import { HEADER_LAYOUTS } from '../pages.js';
import { field, scriptFields, tagged, weakField, type Field } from './fields.js';
import { OLD_SUBROOTS, SUBROOTS } from './subroots.js';
import { TO_END, visitOnly, visitRange } from './visits.js';

/** Bits of the flags of a ScopeInfo. */
const CLASS_VARIABLE = 1 << 10;
const FUNCTION_VARIABLE = 3 << 12;
const INFERRED_NAME = 1 << 14;
const OUTER_SCOPE = 1 << 22;
const BLOCK_LIST = 1 << 28;

/** The type of a function's scope, since V8 13. */
const FUNCTION_SCOPE = 4;

const part = (kind: ScopePart['kind'], flags: number, words: number, types: number[] = []): ScopePart => ({
  kind,
  flags,
  types,
  words,
});
const [classVariable, functionName, inferredName, outerScope] = [
  part('class variable', CLASS_VARIABLE, 1),
  part('function name', FUNCTION_VARIABLE, 2),
  part('inferred name', INFERRED_NAME, 1),
  part('outer scope', OUTER_SCOPE, 1),
];
/** Class, eval, function, module, script and shadow realm scopes say where they are. */
const oldScope = {
  flags: 12,
  headerWords: 4,
  position: 0,
  module: 3,
  emptyFlag: 1 << 29,
  parts: [
    classVariable,
    functionName,
    inferredName,
    part('position', 0, 2, [0, 1, 2, 3, 4, 8]),
    outerScope,
    part('block list', BLOCK_LIST, 1),
  ],
};
const newScope = {
  flags: 8,
  headerWords: 6,
  position: 32,
  module: 5,
  moduleCountFirst: true,
  emptyFlag: 1 << 28,
  parts: [classVariable, functionName, inferredName, outerScope],
};

/** Kinds of code, by their numbers. */
const codeKinds = (before: string[], after: string[]): string[] => [
  'BYTECODE_HANDLER',
  'FOR_TESTING',
  ...before,
  'BUILTIN',
  'REGEXP',
  'WASM_FUNCTION',
  'WASM_TO_CAPI_FUNCTION',
  'WASM_TO_JS_FUNCTION',
  'JS_TO_WASM_FUNCTION',
  ...after,
];

const COMPILED = ['BASELINE', 'MAGLEV', 'TURBOFAN_JS'];
const SHARED_TAG = '(shared function info)';
const oldFunction: Field[] = [
  tagged(24, 'shared', SHARED_TAG),
  field(32, 'context'),
  field(40, 'feedback_cell'),
  field(48, 'code'),
];
const newFunction: Field[] = [
  tagged(32, 'shared', SHARED_TAG),
  field(40, 'context'),
  field(48, 'feedback_cell'),
];
const oldShared = (script: string): Field[] => [
  field(8, 'function_data'),
  field(16, 'name_or_scope_info'),
  field(24, 'raw_outer_scope_info_or_feedback_metadata'),
  field(32, script),
];
const buffer = (offset: number): Record<string, Field[]> => ({
  JSTypedArray: [field(offset, 'buffer')],
  JSDataView: [field(offset, 'buffer')],
  JSRabGsabDataView: [field(offset, 'buffer')],
});
const bytecode = (positions: number, handlers: number): Field[] => [
  tagged(positions, null, '(source position table)', 'code'),
  tagged(handlers, null, '(handler table)', 'code'),
];
const codeObject = tagged(8, 'code', '(code)', 'code');
const relocation = (offset: number): Field =>
  tagged(offset, 'relocation_info', '(code relocation info)', 'code');
/** Modes of relocation entries (RelocInfo::Mode), by their numbers. */
const relocationModes = (
  relocationConstPool: number,
  relocationPcJump: number,
  relocationSwitch: number,
): Pick<VersionOffsets, 'relocationConstPool' | 'relocationPcJump' | 'relocationSwitch'> => ({
  relocationConstPool,
  relocationPcJump,
  relocationSwitch,
});
const oldOffsets = {
  functionShared: 24,
  sharedData: 8,
  sharedOldData: 0,
  sharedNameOrScope: 16,
  sharedScript: 32,
  codeStream: 32,
  feedbackSlots: 56,
  regexpSource: 24,
  apiHeader: 24,
  bufferStore: 48,
  bufferBytes: 32,
  externalSize: 0,
  readOnlySize: 1,
  transitionHeader: 2,
  globalsSayWhich: 0,
  ownNamesCount: 0,
  privateFlags: 1,
  privateNameFlags: 16,
};

/** WasmNull is a mark that is never looked into; the one empty SwissNameDictionary is never used. */
const marks = { WasmNull: fixed(8), SwissNameDictionary: fixed(40) };

const V8_11: V8Version = {
  version: '11.3',
  page: { ...HEADER_LAYOUTS.v11, readOnlyBytes: null },
  firstRoot: 'free_space_map',
  isolateRoots: [216, 200, 136, 120],
  threadState: 64,
  collections: 576,
  scope: { ...oldScope, moduleCountFirst: false },
  functionTypes: 16,
  feedbackClosureBytes: 0,
  stream: { instructionSize: 56, metadataSize: 60 },
  sizes: {
    ...marks,
    FreeSpace: small(0, 1),
    BytecodeArray: small(54, 1),
    FeedbackVector: by32(56),
    InstructionStream: special('instructions', 16),
    WasmTypeInfo: small(40, 8, 32),
  },
  visits: {
    JSFunction: visitRange(8),
    SharedFunctionInfo: visitRange(8, 40),
    Code: visitRange(8, 40),
    InstructionStream: visitOnly('instructions', 8, 16),
    BytecodeArray: visitRange(16, 40),
  },
  dispatchHandles: null,
  fields: {
    JSFunction: oldFunction,
    JSGlobalObject: [field(24, 'native_context'), field(32, 'global_proxy')],
    SharedFunctionInfo: oldShared('script_or_debug_info'),
    AccessorInfo: [field(8, 'name'), field(16, 'data')],
    BytecodeArray: bytecode(32, 24),
    FeedbackVector: [weakField(48, 'optimized code')],
    ...buffer(24),
  },
  offsets: {
    ...oldOffsets,
    streamsHaveNames: 1,
    sharedTagsItself: 0,
    bytecodePool: 16,
    streamHeader: 16,
    streamRelocations: 0,
    streamCode: 8,
    ...relocationModes(12, 20, 0),
    codeFlags: 48,
    codeDeoptimization: 16,
    codePositions: 24,
  },
  codeTypes: [],
  holesSayNothing: false,
  visitedTwice: {},
  oddballsHaveNames: false,
  subroots: OLD_SUBROOTS,
  contextIsUserRoot: false,
  codeKinds: codeKinds([], ['JS_TO_JS_FUNCTION', 'C_WASM_ENTRY', 'INTERPRETED_FUNCTION', ...COMPILED]),
};

const V8_12: V8Version = {
  version: '12.4',
  page: { ...HEADER_LAYOUTS.v12, readOnlyBytes: null },
  firstRoot: 'free_space_map',
  isolateRoots: [304, 280, 192, 16],
  threadState: 152,
  collections: 432,
  scope: { ...oldScope, moduleCountFirst: true },
  functionTypes: FUNCTION_TYPES,
  feedbackClosureBytes: 0,
  stream: { bodySize: 24 },
  sizes: {
    ...marks,
    FreeSpace: small(0, 1),
    BytecodeArray: small(64, 1),
    FeedbackVector: by32(56),
    InstructionStream: special('instructions', 32),
    WasmTypeInfo: small(40, 8, 32),
    WasmDispatchTable: by32(16, 24, 12),
  },
  visits: {
    JSFunction: visitRange(8),
    SharedFunctionInfo: visitRange(8, 40),
    Code: visitRange(8, 40),
    InstructionStream: visitOnly('instructions', 8, 24),
    BytecodeArray: visitRange(16, 48),
  },
  dispatchHandles: null,
  fields: {
    JSFunction: [field(24, 'code'), ...newFunction],
    JSGlobalObject: [field(24, 'global_proxy')],
    SharedFunctionInfo: oldShared('script'),
    AccessorInfo: [field(8, 'name'), field(16, 'data')],
    InstructionStream: [codeObject, relocation(16)],
    BytecodeArray: bytecode(24, 32),
    FeedbackVector: [weakField(48, 'optimized code')],
    ...buffer(24),
  },
  offsets: {
    ...oldOffsets,
    functionShared: 32,
    streamsHaveNames: 0,
    sharedTagsItself: 1,
    bytecodePool: 40,
    streamHeader: 32,
    streamRelocations: 16,
    streamCode: 8,
    ...relocationModes(13, 20, 9),
    codeFlags: 48,
    codeDeoptimization: 8,
    codePositions: 16,
  },
  codeTypes: [],
  holesSayNothing: false,
  visitedTwice: { CallSiteInfo: 8 },
  oddballsHaveNames: false,
  subroots: SUBROOTS,
  contextIsUserRoot: false,
  codeKinds: codeKinds([], ['C_WASM_ENTRY', 'INTERPRETED_FUNCTION', ...COMPILED]),
};

const V8_13: V8Version = {
  version: '13.6',
  page: { ...HEADER_LAYOUTS.v13, readOnlyBytes: 3 },
  firstRoot: 'free_space_map',
  isolateRoots: [304, 280, 192, 8],
  threadState: 152,
  collections: 568,
  scope: newScope,
  functionTypes: FUNCTION_TYPES,
  feedbackClosureBytes: 2,
  stream: { bodySize: 24 },
  sizes: {
    ...marks,
    FreeSpace: small(0, 8),
    BytecodeArray: small(64, 1),
    FeedbackVector: by32(48),
    InstructionStream: special('instructions', 32),
    WasmTypeInfo: small(24, 8, 16),
    WasmDispatchTable: by32(40, 24, 12),
  },
  visits: {
    JSFunction: visitOnly('function'),
    FeedbackCell: visitOnly('feedback cell', 8, 16),
    SharedFunctionInfo: visitRange(8, 48),
    Code: visitRange(8, 40),
    InstructionStream: visitOnly('instructions', 8, 24),
    BytecodeArray: visitRange(16, 56),
  },
  dispatchHandles: { function: 24, feedbackCell: 20 },
  fields: {
    JSFunction: newFunction,
    JSGlobalObject: [field(32, 'global_proxy')],
    SharedFunctionInfo: [
      field(8, 'trusted_function_data'),
      field(16, 'untrusted_function_data'),
      field(24, 'name_or_scope_info'),
      field(32, 'raw_outer_scope_info_or_feedback_metadata'),
      field(40, 'script'),
    ],
    AccessorInfo: [field(8, 'name'), field(16, 'data')],
    InstructionStream: [codeObject, relocation(16)],
    BytecodeArray: bytecode(24, 32),
    ...buffer(32),
  },
  offsets: {
    functionShared: 32,
    sharedData: 8,
    sharedOldData: 16,
    sharedNameOrScope: 24,
    sharedScript: 40,
    streamsHaveNames: 0,
    sharedTagsItself: 1,
    bytecodePool: 40,
    streamHeader: 32,
    streamRelocations: 16,
    streamCode: 8,
    ...relocationModes(15, 22, 11),
    codeFlags: 52,
    codeStream: 32,
    codeDeoptimization: 8,
    codePositions: 16,
    feedbackSlots: 48,
    regexpSource: 16,
    apiHeader: 32,
    bufferStore: 56,
    bufferBytes: 40,
    externalSize: 1,
    readOnlySize: 0,
    transitionHeader: 3,
    globalsSayWhich: 0,
    ownNamesCount: 0,
    privateFlags: 1,
    privateNameFlags: 16,
  },
  codeTypes: ['BytecodeWrapper', 'CodeWrapper'],
  holesSayNothing: false,
  visitedTwice: {},
  oddballsHaveNames: true,
  subroots: SUBROOTS,
  contextIsUserRoot: false,
  codeKinds: codeKinds(['FOR_TESTING_JS'], ['C_WASM_ENTRY', ...COMPILED]),
};

const V8_14: V8Version = {
  ...V8_13,
  version: '14.6',
  firstRoot: 'undefined_value',
  isolateRoots: [344, 320, 232, 8],
  threadState: 192,
  collections: 576,
  offsets: {
    ...V8_13.offsets,
    ...relocationModes(15, 22, 12),
    privateFlags: 3,
    privateNameFlags: 2,
    globalsSayWhich: 1,
    ownNamesCount: 1,
  },
  codeKinds: codeKinds(['FOR_TESTING_JS'], ['C_WASM_ENTRY', 'WASM_STACK_ENTRY', ...COMPILED]),
  holesSayNothing: true,
  subroots: SUBROOTS.toSpliced(SUBROOTS.indexOf('(Micro tasks)'), 0, '(Identity map)'),
  contextIsUserRoot: true,
  fields: {
    ...V8_13.fields,
    JSGlobalObject: [field(40, 'global_proxy')],
    AccessorInfo: [field(16, 'name'), field(8, 'data')],
    Script: scriptFields(136),
    WeakCell: [weakField(24, 'target'), weakField(32, 'unregister_token')],
  },
  visits: { ...V8_13.visits, WeakCell: visitRange(8, TO_END, [24, 32]) },
  scope: { ...newScope, parts: [...newScope.parts, part('unused parameters', 0, 1, [FUNCTION_SCOPE])] },
  sizes: {
    ...V8_13.sizes,
    // What it has after its header is no memory, so that reading it ends the process.
    Hole: fixed(8 + (1 << 16)),
    WasmDispatchTable: by32(40, 16, 12),
    WasmDispatchTableForImports: by32(24, 16),
    DoubleStringCache: by32(16, 16),
  },
};

const V8_VERSIONS: readonly V8Version[] = [V8_11, V8_12, V8_13, V8_14];

/** The table for a version such as `13.6.233.17-node.53`; null where there is none. */
export function versionOf(v8Version: string): V8Version | null {
  return V8_VERSIONS.find(({ version }) => v8Version.startsWith(`${version}.`)) ?? null;
}
