/**
 * Reaches Node.js's internals in a target: the bindings and the primordials, through the scopes of one of
 * Node's functions, as the inspector shows them (`[[Scopes]]` of Runtime.getProperties). Applications patch,
 * mock, freeze and delete their globals, including those of `process`; they cannot reach these, which are the
 * same in Node.js 20 to 26 (lib/internal/bootstrap/realm.js of Node).
 */
import { EvaluationError, type InspectorSession } from './inspector-session.js';

/** Inspector handles, valid in the session that created them. */
export interface NodeInternals {
  internalBinding: string;
  primordials: string;
  process: string;
}

interface RemoteValue {
  type?: string;
  value?: unknown;
  description?: string;
  objectId?: string;
}

interface Evaluated {
  result?: RemoteValue;
  exceptionDetails?: { text: string; exception?: { description?: string } };
}

interface Property {
  name: string;
  value?: RemoteValue;
}

/**
 * Expressions for functions of Node's, the nearest first. Any of them works, in case an application changed
 * one. `require` is the inspector's own, from its command line API.
 */
const ROOTS = [
  'process.binding',
  'require',
  'process.getBuiltinModule',
  'setTimeout',
  'setImmediate',
  'clearTimeout',
  'queueMicrotask',
  'structuredClone',
  'fetch',
  'process.nextTick',
  'process.emitWarning',
  'process.kill',
  'process.hrtime',
  'process.memoryUsage',
  'process.cwd',
  'process.on',
  'Buffer.from',
  'EventTarget.prototype.addEventListener',
  'AbortSignal.timeout',
  'URL.parse',
  'URL.canParse',
  'TextEncoder.prototype.encode',
  'console.log',
];

/** Variables in a scope of Node's whose functions are close to the loader's own scope. */
const NEARER = ['internalBinding', 'require', 'requireBuiltin', 'deprecatedFunction', 'fn', 'mod'];

/** Limits for one root: functions to examine, and scopes of each. */
const MAX_FUNCTIONS = 6;
const MAX_SCOPES = 6;

/**
 * Returns null if nothing of Node's can be reached, that is, before the process has run any JavaScript.
 * @throws {EvaluationError}
 */
export async function findInternals(
  session: InspectorSession,
  withinMs: number,
): Promise<NodeInternals | null> {
  for (const expression of ROOTS) {
    const params = { expression, silent: true, includeCommandLineAPI: expression === 'require' };
    const { result, exceptionDetails } = (await session.call(
      'Runtime.evaluate',
      params,
      withinMs,
    )) as Evaluated;
    if (exceptionDetails !== undefined || result?.type !== 'function' || result.objectId === undefined)
      continue;
    const found = await internalsBehind(session, result.objectId, withinMs);
    if (found !== null) return found;
  }
  return null;
}

async function internalsBehind(
  session: InspectorSession,
  root: string,
  withinMs: number,
): Promise<NodeInternals | null> {
  const functions = [root];
  for (let index = 0; index < functions.length && index < MAX_FUNCTIONS; index++) {
    for (const scope of await scopesOf(session, functions[index], withinMs)) {
      const variables = new Map(
        (await propertiesOf(session, scope, withinMs)).map((each) => [each.name, each]),
      );
      const id = (name: string, type: string): string | undefined => {
        const value = variables.get(name)?.value;
        return value?.type === type ? value.objectId : undefined;
      };
      const internalBinding = id('internalBinding', 'function');
      const primordials = id('primordials', 'object');
      const process = id('process', 'object');
      if (internalBinding !== undefined && primordials !== undefined && process !== undefined) {
        const internals = { internalBinding, primordials, process };
        if (await areGenuine(session, internals, withinMs)) return internals;
      }
      functions.push(...NEARER.map((name) => id(name, 'function')).filter((each) => each !== undefined));
    }
  }
  return null;
}

/** Returns the scopes of a function except the global one, the innermost first. */
async function scopesOf(session: InspectorSession, objectId: string, withinMs: number): Promise<string[]> {
  const { internalProperties = [] } = (await session.call(
    'Runtime.getProperties',
    { objectId, ownProperties: true },
    withinMs,
  )) as { internalProperties?: Property[] };
  const list = internalProperties.find(({ name }) => name === '[[Scopes]]')?.value?.objectId;
  if (list === undefined) return [];
  return (await propertiesOf(session, list, withinMs))
    .filter(({ name, value }) => /^\d+$/.test(name) && value?.description !== 'Global')
    .map(({ value }) => value?.objectId)
    .filter((each) => each !== undefined)
    .slice(0, MAX_SCOPES);
}

async function propertiesOf(
  session: InspectorSession,
  objectId: string,
  withinMs: number,
): Promise<Property[]> {
  const params = { objectId, ownProperties: true };
  const { result } = (await session.call('Runtime.getProperties', params, withinMs)) as {
    result: Property[];
  };
  return result;
}

/** Rejects an application's own variables with the same names. */
async function areGenuine(
  session: InspectorSession,
  internals: NodeInternals,
  withinMs: number,
): Promise<boolean> {
  const isGenuine = `function (internalBinding, primordials, process) {
    const methods = internalBinding('process_methods');
    return typeof methods._debugEnd === 'function' && typeof methods.dlopen === 'function' &&
      typeof primordials.SymbolFor === 'function' && typeof process === 'object';
  }`;
  try {
    return (await callWith(session, internals, isGenuine, withinMs)) === true;
  } catch (error) {
    if (error instanceof EvaluationError && error.code === 'threw') return false;
    throw error;
  }
}

/**
 * Returns the command that calls a function with `internalBinding`, `primordials` and the `process` that
 * Node.js itself uses.
 */
export function callOf(
  { internalBinding, primordials, process }: NodeInternals,
  functionDeclaration: string,
): { method: string; params: object } {
  const passed = [internalBinding, primordials, process].map((objectId) => ({ objectId }));
  const params = {
    functionDeclaration,
    objectId: internalBinding,
    arguments: passed,
    returnByValue: true,
    silent: true,
  };
  return { method: 'Runtime.callFunctionOn', params };
}

/**
 * Returns the function's result, converted through JSON.
 * @throws {EvaluationError}
 */
export async function callWith(
  session: InspectorSession,
  internals: NodeInternals,
  functionDeclaration: string,
  withinMs: number,
): Promise<unknown> {
  const { method, params } = callOf(internals, functionDeclaration);
  const { result, exceptionDetails } = (await session.call(method, params, withinMs)) as Evaluated;
  if (exceptionDetails !== undefined || result === undefined) {
    const thrown = exceptionDetails?.exception?.description ?? exceptionDetails?.text;
    throw new EvaluationError('threw', thrown?.split('\n')[0] ?? 'it evaluated nothing');
  }
  return result.value;
}
