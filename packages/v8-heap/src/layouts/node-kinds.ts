/** How nodes are named and of what type they are, by the types of objects: V8HeapExplorer::AddEntry in V8. */
import { STRING_TYPES } from '../object-layout.js';
import type { HeapTypes } from './types.js';
import type { V8Version } from './version.js';

/** In the order of V8's snapshots. */
export const NODE_TYPES = [
  'hidden',
  'array',
  'string',
  'object',
  'code',
  'closure',
  'regexp',
  'number',
  'native',
  'synthetic',
  'concatenated string',
  'sliced string',
  'symbol',
  'bigint',
  'object shape',
] as const;
export const EDGE_TYPES = [
  'context',
  'element',
  'property',
  'internal',
  'hidden',
  'shortcut',
  'weak',
] as const;
export type NodeType = (typeof NODE_TYPES)[number];

/** `assembly/nodes.ts` says what each means. */
export type Naming =
  | 'type'
  | 'text'
  | 'function'
  | 'regexp'
  | 'constructor'
  | 'symbol'
  | 'shared'
  | 'script'
  | 'oddball'
  | 'map';

/** `assembly/heap-edges.ts` says what each means. */
export type EdgeRule =
  | 'fields'
  | 'object'
  | 'function'
  | 'bound'
  | 'buffer'
  | 'string'
  | 'map'
  | 'shared'
  | 'code'
  | 'descriptors'
  | 'weak array'
  | 'weak list'
  | 'context'
  | 'ephemerons'
  | 'array'
  | 'bytecode'
  | 'feedback'
  | 'transitions'
  | 'scope';

export interface NodeKind {
  naming: Naming;
  type: NodeType;
  name: string;
  edges: EdgeRule;
}

const CODE = new Set([
  ...['AllocationSite', 'ArrayBoilerplateDescription', 'BytecodeArray'],
  ...['ClosureFeedbackCellArray', 'Code', 'FeedbackCell', 'FeedbackMetadata'],
  ...['FeedbackVector', 'InstructionStream', 'InterpreterData', 'LoadHandler'],
  ...['ObjectBoilerplateDescription', 'PreparseData', 'RegExpBoilerplateDescription', 'ScopeInfo'],
  ...['StoreHandler', 'TemplateObjectDescription', 'TurbofanBitsetType', 'TurbofanHeapConstantType'],
  ...['TurbofanOtherNumberConstantType', 'TurbofanRangeType', 'TurbofanUnionType'],
  ...['UncompiledDataWithPreparseData', 'UncompiledDataWithPreparseDataAndJob'],
  ...['UncompiledDataWithoutPreparseData', 'UncompiledDataWithoutPreparseDataWithJob'],
]);
const SHAPES = new Set([
  ...['Map', 'DescriptorArray', 'StrongDescriptorArray', 'TransitionArray', 'PrototypeInfo', 'EnumCache'],
]);

/** JSReceiver::class_name in V8, for what has no constructor's name. */
const CLASS_NAMES: Readonly<Record<string, string>> = {
  JSArgumentsObject: 'Arguments',
  JSArray: 'Array',
  JSArrayBuffer: 'ArrayBuffer',
  JSArrayIterator: 'ArrayIterator',
  JSAsyncFunctionObject: 'Generator',
  JSAsyncGeneratorObject: 'Generator',
  JSDataView: 'DataView',
  JSDate: 'Date',
  JSError: 'Error',
  JSGeneratorObject: 'Generator',
  JSGlobalProxy: 'global',
  JSMap: 'Map',
  JSMapKeyIterator: 'MapIterator',
  JSMapKeyValueIterator: 'MapIterator',
  JSMapValueIterator: 'MapIterator',
  JSPromise: 'Promise',
  JSSet: 'Set',
  JSSetKeyValueIterator: 'SetIterator',
  JSSetValueIterator: 'SetIterator',
  JSWeakMap: 'WeakMap',
  JSWeakSet: 'WeakSet',
};

const NAMED: Readonly<Record<string, NodeKind>> = {
  Symbol: { naming: 'symbol', type: 'symbol', name: 'symbol', edges: 'fields' },
  BigInt: { naming: 'type', type: 'bigint', name: 'bigint', edges: 'fields' },
  HeapNumber: { naming: 'type', type: 'number', name: 'heap number', edges: 'fields' },
  Oddball: { naming: 'oddball', type: 'hidden', name: '', edges: 'fields' },
  SharedFunctionInfo: { naming: 'shared', type: 'code', name: '', edges: 'shared' },
  Code: { naming: 'type', type: 'code', name: '', edges: 'code' },
  InstructionStream: { naming: 'type', type: 'code', name: '', edges: 'fields' },
  Script: { naming: 'script', type: 'code', name: '', edges: 'fields' },
  NativeContext: { naming: 'type', type: 'hidden', name: 'system / NativeContext', edges: 'context' },
  Map: { naming: 'map', type: 'object shape', name: 'system / Map', edges: 'map' },
  JSRegExp: { naming: 'regexp', type: 'regexp', name: '', edges: 'object' },
  JSBoundFunction: { naming: 'type', type: 'closure', name: 'native_bind', edges: 'bound' },
};
const EDGE_RULES: Readonly<Record<string, EdgeRule>> = {
  JSArrayBuffer: 'buffer',
  JSGlobalProxy: 'fields',
  DescriptorArray: 'descriptors',
  StrongDescriptorArray: 'descriptors',
  WeakFixedArray: 'weak array',
  WeakArrayList: 'weak list',
  EphemeronHashTable: 'ephemerons',
  BytecodeArray: 'bytecode',
  FeedbackVector: 'feedback',
  TransitionArray: 'transitions',
  ScopeInfo: 'scope',
};

export function nodeKinds(
  types: HeapTypes,
  { codeTypes, oddballsHaveNames }: Pick<V8Version, 'codeTypes' | 'oddballsHaveNames'>,
  highest: number,
): NodeKind[] {
  const [firstFunction, lastFunction] = types.range('FirstJSFunctionType', 'LastJSFunctionType');
  const [firstContext, lastContext] = types.range('FirstContextType', 'LastContextType');
  const firstReceiver = types.of('JSProxy');
  const fixedArrays = [types.of('FixedArray'), types.of('ByteArray')] as const;
  const kindOf = (type: number): NodeKind => {
    const name = (types.names().get(type) ?? '').replace(/^(Load|Store)Handler\d$/, '$1Handler');
    if (type < STRING_TYPES) return { naming: 'text', type: 'string', name, edges: 'string' };
    if (name in NAMED && (name !== 'Oddball' || oddballsHaveNames)) return NAMED[name];
    if (type >= firstFunction && type <= lastFunction)
      return { naming: 'function', type: 'closure', name: '', edges: 'function' };
    if (type >= firstContext && type <= lastContext)
      return { naming: 'type', type: 'object', name: 'system / Context', edges: 'context' };
    if (type > firstReceiver)
      return {
        naming: 'constructor',
        type: 'object',
        name: CLASS_NAMES[name] ?? 'Object',
        edges: EDGE_RULES[name] ?? 'object',
      };
    const isArray = (type >= fixedArrays[0] && type <= fixedArrays[1]) || name === 'FixedDoubleArray';
    return {
      naming: 'type',
      type:
        CODE.has(name) || codeTypes.includes(name)
          ? 'code'
          : isArray
            ? 'array'
            : SHAPES.has(name)
              ? 'object shape'
              : 'hidden',
      name: isArray ? '' : `system / ${name}`,
      edges: EDGE_RULES[name] ?? (isArray && type < fixedArrays[1] ? 'array' : 'fields'),
    };
  };
  return Array.from({ length: highest }, (_, type) => kindOf(type));
}
