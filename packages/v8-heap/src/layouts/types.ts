/**
 * Numbers of instance types by their names, as V8's postmortem metadata has them; those it leaves out are named after
 * the maps in the roots table, or follow from the order of V8's types.
 */
import { STRING_TYPES, UnknownLayoutError } from '../object-layout.js';
import type { PostmortemSymbols } from '../symbols.js';

export interface HeapTypes {
  /** @throws {UnknownLayoutError} where it has none of this name */
  of(name: string): number;
  /** Null where this V8 has none of this name. */
  find(name: string): number | null;
  /** First and last, by the names of both. */
  range(first: string, last: string): [first: number, last: number];
  /** The name of each number that has one. */
  names(): ReadonlyMap<number, string>;
  /** Learns the type of the objects that a map in the roots table is for. */
  learn(root: string, type: number): void;
}

/** As in assembly/types.ts. */
const MAX_TYPES = 4096;

/** In the order of their types, none of which V8's metadata names. */
const CONTEXTS = [
  'AwaitContext',
  'BlockContext',
  'CatchContext',
  'DebugEvaluateContext',
  'EvalContext',
  'FunctionContext',
  'ModuleContext',
  'NativeContext',
  'ScriptContext',
  'WithContext',
];

/** @param functionTypes how many types of functions there are, where the metadata does not say it */
export function heapTypes(symbols: PostmortemSymbols, functionTypes: number): HeapTypes {
  const numbers = new Map<string, number>();
  const names = new Map<number, string>();
  const add = (name: string, type: number): void => {
    if (!isType(type)) return;
    if (!numbers.has(name)) numbers.set(name, type);
    if (!names.has(type)) names.set(type, name);
  };
  for (const [symbol, value] of symbols) {
    // type_JSObject__JS_OBJECT_TYPE; the name of a type comes last where several classes share one
    const match = /^type_(.*?)__(\w+)_TYPE$/.exec(symbol);
    if (match === null) continue;
    const [, name, type] = match;
    add(value < STRING_TYPES ? camelCase(type.toLowerCase()) : name, value);
  }
  for (const name of ['FirstContextType', 'LastContextType', 'FirstJSFunctionType', 'LastJSFunctionType']) {
    const value = symbols.get(name);
    if (value !== undefined && isType(value)) numbers.set(name, value);
  }
  const functions = numbers.get('JSFunction');
  if (functions !== undefined && !numbers.has('FirstJSFunctionType')) {
    numbers.set('FirstJSFunctionType', functions);
    numbers.set('LastJSFunctionType', functions + functionTypes - 1);
  }
  CONTEXTS.forEach((name, index) => {
    const first = numbers.get('FirstContextType');
    if (first !== undefined) add(name, first + index);
  });
  const asyncFunction = numbers.get('JSAsyncFunctionObject');
  if (asyncFunction !== undefined) add('JSGeneratorObject', asyncFunction - 1);
  const find = (name: string): number | null => numbers.get(name) ?? null;
  const of = (name: string): number => {
    const found = find(name);
    if (found === null) throw new UnknownLayoutError(`it has no type ${name}`);
    return found;
  };
  return {
    of,
    find,
    range: (first, last) => [of(first), of(last)],
    names: () => names,
    learn: (root, type) => add(camelCase(root.replace(/_map$/, '').replace('bigint', 'big_int')), type),
  };
}

/** The metadata is in the image, and may say anything. */
function isType(value: number): boolean {
  return value >= 0 && value < MAX_TYPES;
}

/** `one_byte_string` becomes `OneByteString`. */
function camelCase(name: string): string {
  return name.replace(/(^|_)([a-z0-9])/g, (_, __, letter: string) => letter.toUpperCase());
}
