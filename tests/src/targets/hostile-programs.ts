/**
 * Programs that change, freeze or delete what Node.js gives them, as test frameworks, sandboxes, egress guards and
 * instrumentation do; and programs whose main thread never comes back to its event loop.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface HostileProgram {
  name: string;
  /** Runs in a CommonJS module, once the server listens. */
  code: string;
  /** It answers no requests any more. */
  isBusy?: true;
}

const forbidden = `() => { throw new Error('forbidden') }`;

export const hostilePrograms: readonly HostileProgram[] = [
  { name: 'sockets forbidden', code: `require('node:net').Socket.prototype.connect = ${forbidden};` },
  {
    name: 'net.connect and http replaced',
    code: `Object.assign(require('node:net'), { connect: ${forbidden}, createConnection: ${forbidden} });`,
  },
  {
    name: 'performance deleted',
    code: `Object.defineProperty(globalThis, 'performance', { value: undefined });`,
  },
  {
    name: 'TextEncoder and Buffer deleted',
    code: `delete globalThis.TextEncoder; delete globalThis.Buffer; delete globalThis.URL;`,
  },
  { name: 'JSON patched', code: `JSON.stringify = JSON.parse = ${forbidden};` },
  {
    name: 'Date mocked',
    code: `Date.now = () => 0; globalThis.Date = class extends Date { constructor() { super(0); } static now() { return 9e15; } };`,
  },
  {
    name: 'Date far behind',
    code: `globalThis.Date = class { static now() { return NaN; } toISOString() { throw new Error('no date'); } };`,
  },
  {
    name: 'timers faked',
    code: `for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'clearTimeout'])
      globalThis[name] = require('node:timers')[name] = () => ({ unref() {} });
    process.nextTick = () => {};`,
  },
  { name: 'dlopen forbidden', code: `process.dlopen = process.binding = ${forbidden};` },
  {
    name: 'no _debugEnd',
    code: `process._debugEnd = undefined; require('node:inspector').close = ${forbidden};`,
  },
  { name: '_debugEnd that throws', code: `process._debugEnd = ${forbidden};` },
  { name: 'process frozen', code: `Object.freeze(process);` },
  {
    name: 'globals frozen',
    code: `Object.freeze(globalThis); for (const key of Object.getOwnPropertyNames(globalThis)) try { Object.freeze(globalThis[key]?.prototype); Object.freeze(globalThis[key]); } catch {}`,
  },
  {
    name: 'process is a Proxy that forbids all',
    code: `globalThis.process = new Proxy(process, { get: ${forbidden}, set: ${forbidden}, has: ${forbidden}, defineProperty: ${forbidden} });`,
  },
  { name: 'no process', code: `delete globalThis.process;` },
  {
    name: 'platform and version mocked',
    code: `for (const [key, value] of Object.entries({ platform: 'win32', arch: 'mips', version: 'v4.0.0', versions: null, pid: 'none' }))
      Object.defineProperty(process, key, { value });`,
  },
  {
    name: 'memory figures patched',
    code: `process.memoryUsage = process.uptime = process.hrtime = process.getActiveResourcesInfo = ${forbidden};
    const v8 = require('node:v8'); v8.getHeapStatistics = v8.getHeapSpaceStatistics = ${forbidden};`,
  },
  {
    name: 'Object.prototype with accessors',
    code: `for (const key of ['data', 'failure', 'fork', 'addon', 'control', 'output', 'closes', 'metadata'])
      Object.defineProperty(Object.prototype, key, { configurable: true, get() { return 'polluted'; }, set() { throw new Error('no ' + key); } });`,
  },
  {
    name: 'arrays, functions and promises patched',
    isBusy: true,
    code: `Function.prototype.call = Function.prototype.apply = Function.prototype.bind = ${forbidden};
    Array.prototype[Symbol.iterator] = Array.prototype.map = Array.prototype.push = Array.prototype.slice = Array.prototype.concat = ${forbidden};
    Promise.prototype.then = ${forbidden}; String.prototype.split = String.prototype.replace = ${forbidden};`,
  },
  {
    name: 'typed arrays and Symbol replaced',
    code: `globalThis.Uint8Array = globalThis.Float64Array = globalThis.Symbol = globalThis.Map = globalThis.Set = globalThis.Proxy = class { constructor() { throw new Error('forbidden'); } };
    Symbol.for = ${forbidden};`,
  },
  {
    name: 'require hooked',
    code: `const Module = require('node:module'); Module._load = Module.prototype.require = Module._resolveFilename = ${forbidden};
    process.getBuiltinModule = ${forbidden}; globalThis.require = () => 'nothing';`,
  },
  {
    name: 'errors patched',
    code: `Error.prepareStackTrace = ${forbidden}; Error.captureStackTrace = ${forbidden}; Object.defineProperty(Error.prototype, 'message', { get: ${forbidden} });
    globalThis.Error = class {};`,
  },
  {
    name: 'every handle recorded',
    code: `const { createHook, executionAsyncResource } = require('node:async_hooks'); const seen = [];
    createHook({ init(id, type) { seen.push([id, type, executionAsyncResource()]); }, before() {}, after() {}, destroy() {} }).enable();`,
  },
  {
    name: 'errors end it',
    code: `process.on('uncaughtException', () => process.exit(9)); process.on('unhandledRejection', () => process.exit(9)); process.on('warning', () => process.exit(9));`,
  },
  {
    name: 'standard error patched',
    code: `process.stderr.write = process.stdout.write = ${forbidden}; console.log = console.error = ${forbidden};`,
  },
  {
    name: 'the global of another context',
    code: `const vm = require('node:vm'); const context = vm.createContext({}); vm.runInContext('globalThis.setTimeout = null', context);
    Object.setPrototypeOf(globalThis, context); globalThis.kept = context;`,
  },
  { name: 'a loop', isBusy: true, code: `for (let x = 0; ; ) x = (x * 31 + 7) % 1000003;` },
  { name: 'a regular expression without end', isBusy: true, code: `/^(a+)+$/.test('a'.repeat(60) + 'b');` },
  {
    name: 'Atomics.wait',
    isBusy: true,
    code: `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);`,
  },
  {
    name: 'microtasks without end',
    isBusy: true,
    code: `const again = () => Promise.resolve().then(again); again();`,
  },
  {
    name: 'process.nextTick without end',
    isBusy: true,
    code: `const again = () => process.nextTick(again); again();`,
  },
  {
    name: 'WebAssembly without end',
    isBusy: true,
    code: `new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 9, 1, 7, 0, 3, 64, 12, 0, 11, 11]))).exports.f();`,
  },
  {
    name: 'a loop in which all is patched',
    isBusy: true,
    code: `Object.freeze(process); Function.prototype.call = JSON.stringify = ${forbidden}; delete globalThis.performance; for (;;) ;`,
  },
];

/** Writes the program as a file that `node` runs: a server, which says its port and then turns hostile. */
export function writeHostileProgram(directory: string, { code }: HostileProgram): string {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'program.cjs');
  writeFileSync(
    file,
    `const server = require('node:http').createServer((request, response) => response.end('ok'));
     server.listen(0, '127.0.0.1', () => {
       process.stdout.write(JSON.stringify({ port: server.address().port }) + '\\n', () => setTimeout(turn, 50));
     });
     function turn() { ${code} }`,
  );
  return file;
}
