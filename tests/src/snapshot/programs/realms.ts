/** Several native contexts, a worker with channels to it, WebAssembly, streams and sockets. */
import { once } from 'node:events';
import { createServer, connect } from 'node:net';
import { Readable, Transform } from 'node:stream';
import { createContext, runInContext, runInThisContext, Script } from 'node:vm';
import { BroadcastChannel, MessageChannel, Worker } from 'node:worker_threads';
import { createGzip } from 'node:zlib';

const tenantCode = `
  class Tenant { constructor(at) { this.at = at; this.children = []; } }
  var tenants = Array.from({ length: 40 }, (_, at) => new Tenant(at));
  var lookup = new Map(tenants.map((tenant) => [tenant.at, tenant]));
  globalThis.shared.push(...tenants.slice(0, 3), (question) => [question, tenants]);
  notes.set(tenants[5], { ofTheHost: tenants[6] });
`;

/** A module with a memory of one page, a table, a global and an exported function that adds. */
const wasm = Uint8Array.from([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 127, 3, 2, 1, 0, 4, 4, 1, 112, 0, 2, 5, 3, 1, 0,
  1, 6, 6, 1, 127, 1, 65, 0, 11, 7, 17, 3, 3, 97, 100, 100, 0, 0, 1, 109, 2, 0, 3, 116, 97, 98, 1, 0, 10, 9,
  1, 7, 0, 32, 0, 32, 1, 106, 11,
]);

export async function build(): Promise<unknown> {
  const shared: unknown[] = [];
  const notes = new WeakMap<object, object>();
  const script = new Script(tenantCode, { filename: 'tenant.js' });
  const contexts = Array.from({ length: 3 }, (_, at) =>
    createContext({ shared, notes, name: `tenant ${at}` }),
  );
  for (const context of contexts) script.runInContext(context);

  const worker = new Worker(
    'setInterval(() => {}, 1e8); parentPort.postMessage(0);'.replace(
      'parentPort',
      "require('node:worker_threads').parentPort",
    ),
    { eval: true },
  );
  await once(worker, 'message');
  const channels = Array.from({ length: 5 }, () => new MessageChannel());
  for (const { port1 } of channels) port1.on('message', (message) => shared.push(message));

  const server = createServer((socket) => shared.push(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const sockets = Array.from({ length: 4 }, () => connect(port, '127.0.0.1'));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));

  const instantiate = runInThisContext(
    '(bytes) => new WebAssembly.Instance(new WebAssembly.Module(bytes))',
  ) as (bytes: Uint8Array) => unknown;
  return {
    contexts,
    functions: contexts.map(
      (context) => runInContext('(function ofTenant() { return tenants; })', context) as unknown,
    ),
    worker,
    channels,
    broadcast: new BroadcastChannel('realms'),
    server,
    sockets,
    streams: [
      Readable.from(['a', 'b']),
      new Transform(),
      createGzip(),
      new ReadableStream(),
      new Blob(['blob']),
    ],
    instances: Array.from({ length: 3 }, () => instantiate(wasm)),
    events: [
      new EventTarget(),
      new Event('event'),
      AbortSignal.timeout(1e8),
      structuredClone(new Map([[1, [2]]])),
    ],
  };
}
