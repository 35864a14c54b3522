/** Targets that are busy, debugged, just starting, or have many connections. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { capturedAtOnce, capturedBesideBusyWorkers } from './often.js';
import { runCommand, type CommandEnd } from '../command.js';
import { eventually } from '../eventually.js';
import { nodeOf } from '../nodes.js';
import {
  anyPort,
  assertAsBefore,
  heldBy,
  listeningPorts,
  preloaded,
  startPlainTarget,
  watchdogsOf,
  type PlainTarget,
} from '../targets/plain-target.js';
import { childrenOf } from '../process-census.js';
import { temporaryDirectory } from '../temporary-directory.js';

async function capture(t: TestContext, pid: number): Promise<CommandEnd> {
  const output = join(await temporaryDirectory(t), 'app.heapsnapshot');
  return runCommand(['capture', String(pid), '-o', output]);
}

async function assertCaptured(t: TestContext, pid: number): Promise<void> {
  const { code, stderr } = await capture(t, pid);
  assert.equal(code, 0, stderr);
}

/** Resolves when the code runs; the promise in it resolves when the code has finished. */
async function started(target: PlainTarget, code: string): Promise<{ done: Promise<unknown> }> {
  const done = target.run(`process.stderr.write('begun'); ${code}`);
  await eventually(() => assert.match(target.stderr(), /begun/));
  return { done };
}

test('captures a process in an endless loop', async (t) => {
  const target = await startPlainTarget(t);
  const loop = await started(
    target,
    'globalThis.go = true; const end = Date.now() + 60e3; while (Date.now() < end && go); 1',
  );
  let ended = false;
  void loop.done.then(() => (ended = true)).catch(() => undefined);
  await assertCaptured(t, target.pid);
  assert.equal(ended, false, 'the loop was over first');
});

test('a main thread in native code is an error, and its inspector is closed when it returns', async (t) => {
  const target = await startPlainTarget(t, { node: nodeOf(24).path });
  const before = heldBy(target.pid);
  const call = await started(target, `require('node:child_process').spawnSync('sleep', ['20']), 1`);
  const { code, stderr } = await capture(t, target.pid);
  assert.match(
    stderr,
    /^afterimage: .*opened no inspector within 15 s: its main thread is in native code[^\n]*\n$/,
  );
  assert.equal(code, 5);
  assert.equal(watchdogsOf(target.pid).length, 1, 'no watchdog waits for the inspector');
  await call.done;
  await assertAsBefore(target, before);
  assert.match(target.stderr(), /Debugger listening/);
});

test('captures processes that are just starting', (t) => capturedAtOnce(t, 5));

test('uses an inspector that is already open, and leaves it open', async (t) => {
  const opened = preloaded(`import inspector from 'node:inspector'; inspector.open(0)`);
  for (const flags of [['--inspect=0'], [anyPort, ...opened]]) {
    const target = await startPlainTarget(t, { flags });
    await eventually(() => assert.equal(listeningPorts(target.pid).length, 2));
    const before = heldBy(target.pid);
    await assertCaptured(t, target.pid);
    await assertAsBefore(target, before);
  }
});

/** Prints that it is there, and that the target is paused; has it go on when its own input ends. */
const debuggerClient = `
  const socket = new WebSocket(process.argv[1]);
  const send = (id, method) => socket.send(JSON.stringify({ id, method }));
  socket.onopen = () => send(1, 'Debugger.enable');
  socket.onmessage = ({ data }) => {
    const { id, method } = JSON.parse(data);
    if (id === 1) console.log('there');
    if (id === 2) process.exit();
    if (method === 'Debugger.paused') console.log('paused');
  };
  process.stdin.on('end', () => send(2, 'Debugger.resume')).resume();`;

test('captures a process paused in a debugger, which continues afterwards', async (t) => {
  const target = await startPlainTarget(t, { flags: ['--inspect=0'] });
  const before = heldBy(target.pid);
  const url = /ws:\S+/.exec(target.stderr())?.[0] ?? '';
  const client = spawn(nodeOf(24).path, ['-e', debuggerClient, url], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => client.kill('SIGKILL'));
  const ended = once(client, 'exit');
  await once(client.stdout, 'data');
  const done = target.run('debugger; 7');
  await once(client.stdout, 'data');
  await assertCaptured(t, target.pid);
  client.stdin.end();
  assert.equal(await done, 7);
  await ended;
  await assertAsBefore(target, before);
});

test('captures the primary of a cluster, and a worker', async (t) => {
  const program = join(await temporaryDirectory(t), 'cluster.cjs');
  writeFileSync(
    program,
    `const cluster = require('node:cluster');
     if (cluster.isPrimary) { cluster.fork(); cluster.fork(); }
     else setInterval(() => { const end = Date.now() + 60; while (Date.now() < end); }, 80);`,
  );
  const child = spawn(process.execPath, [program], { stdio: 'ignore' });
  t.after(() => child.kill('SIGKILL'));
  const pid = child.pid ?? 0;
  const workers = await eventually(() => {
    const found = Object.keys(childrenOf(pid)).map(Number);
    assert.equal(found.length, 2);
    return found;
  });
  for (const target of [pid, workers[0] ?? 0]) {
    await assertCaptured(t, target);
    await eventually(() => {
      assert.deepEqual(watchdogsOf(target), []);
      for (const each of [pid, ...workers]) assert.deepEqual(listeningPorts(each), []);
    });
  }
});

test('captures a process whose worker threads are never idle', { timeout: 300_000 }, (t) =>
  capturedBesideBusyWorkers(t, 1),
);

test('captures a process with ten thousand open sockets', async (t) => {
  const target = await startPlainTarget(t);
  await target.run(
    `globalThis.held = []; const { createServer, connect } = require('node:net');
     const more = () => {
       if (held.length < 10_000) held.push(connect(server.address().port, '127.0.0.1'));
     };
     globalThis.server = createServer((socket) => more(held.push(socket))).listen(0, '127.0.0.1', more); 1`,
  );
  await eventually(async () => assert.equal(await target.run('held.length'), 10_000), 60_000);
  const before = listeningPorts(target.pid);
  await assertCaptured(t, target.pid);
  assert.deepEqual(listeningPorts(target.pid), before);
});
