/** Code of the application that listens to the agent's signal too: a capture never triggers it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { before, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  afterTest,
  startTarget,
  temporaryDirectory,
  testsDirectory,
  type Target,
} from '../targets/agent-target.js';
import { runCommand } from '../command.js';
import { eventually } from '../eventually.js';
import { listenerPackages } from '../targets/listener-packages.js';
import { PATIENCE_MS } from '../patience.js';

const IMPORT = ['--import', '@afterimage/agent/register'];
const program = fileURLToPath(new URL('../fixtures/signal-listener.js', import.meta.url));
let packages = '';

before(() => (packages = listenerPackages()), { timeout: 300_000 });

interface Listening {
  target: Target;
  path: string;
}

/** Stores the image, which is faster than developing it. */
async function listening(t: TestContext, listener: string, gate: '0' | '1', extra = {}): Promise<Listening> {
  const path = join(temporaryDirectory(t), 'a.heapsnapshot');
  const env = {
    LISTENER: listener,
    PACKAGES: packages,
    ALLOW_HEAP_SNAPSHOT: gate,
    AFTERIMAGE_PATH: path,
    AFTERIMAGE_DEVELOP: 'never',
    AFTERIMAGE_STORE_PLAIN_IMAGE: '1',
    ...extra,
  };
  return { target: await startTarget(t, { program, flags: IMPORT, env }), path };
}

for (const listener of [
  'nest',
  'close-with-grace',
  'terminus',
  'signal-exit 3',
  'signal-exit 4',
  'once and again',
]) {
  test(`a capture does not shut down what listens by ${listener}`, async (t) => {
    const { target } = await listening(t, listener, '1');
    const shared = await target.lines.next(['shared'], PATIENCE_MS);
    assert.equal(shared['listeners'], 1);
    assert.match(
      String(shared['msg']),
      /^SIGUSR2 has 1 listener of the application .*: it is for captures and is not passed on/,
    );
    const file = listener === 'once and again' ? 'signal-listener.js' : 'node_modules/';
    assert.ok(String(shared['where']).includes(file), String(shared['where']));
    target.child.kill('SIGUSR2');
    const line = await target.lines.next(['written', 'failed', 'refused'], PATIENCE_MS);
    assert.equal(line.event, 'written', JSON.stringify(line));
    assert.deepEqual(await target.get('/'), {});
    assert.deepEqual(target.lines.otherOutput, []);
  });
}

test('the status board counts the application’s listeners, and the command captures without triggering them', async (t) => {
  const { target } = await listening(t, 'nest', '1');
  const list = await runCommand(['ps', '--json']);
  const { processes } = JSON.parse(list.stdout.toString()) as {
    processes: { pid: number; agent: { otherListeners: number } | null }[];
  };
  assert.equal(processes.find(({ pid }) => pid === target.pid)?.agent?.otherListeners, 1);
  const { code, stderr } = await runCommand(['capture', String(target.pid)]);
  assert.equal(code, 0, stderr);
  assert.deepEqual(await target.get('/'), {});
  assert.deepEqual(target.lines.otherOutput, []);
});

test('a signal that a process sends to itself belongs to the application', async (t) => {
  const { target } = await listening(t, 'own', '1');
  await target.get('/self');
  const line = await target.lines.next(['refused', 'received'], PATIENCE_MS);
  assert.deepEqual([line.event, line['code']], ['refused', 'signal-shared']);
  await eventually(() => assert.deepEqual(target.lines.otherOutput, ['own']));
});

for (const listener of ['nest', 'once and again', 'own']) {
  test(`a shut gate does not shut down what listens by ${listener} either`, async (t) => {
    const { target } = await listening(t, listener, '0');
    await target.lines.next(['shared'], PATIENCE_MS);
    target.child.kill('SIGUSR2');
    const line = await target.lines.next(['refused', 'received'], PATIENCE_MS);
    assert.deepEqual([line.event, line['code']], ['refused', 'gate-shut']);
    assert.deepEqual(await target.get('/'), {});
    assert.deepEqual(target.lines.otherOutput, []);
  });
}

test('a listener that sends the signal again ends the process', async (t) => {
  const { target } = await listening(t, 'once and again', '0');
  await target.get('/self');
  assert.deepEqual(await target.ended, { code: null, signal: 'SIGUSR2' });
});

test('without the native part the signal cannot be held back, so the capture is refused', async (t) => {
  const path = join(temporaryDirectory(t), 'a.heapsnapshot');
  const env = { LISTENER: 'own', ALLOW_HEAP_SNAPSHOT: '1', AFTERIMAGE_MODE: 'inline', AFTERIMAGE_PATH: path };
  const target = await startTarget(t, { program, flags: ['--no-addons', ...IMPORT], env });
  target.child.kill('SIGUSR2');
  const line = await target.lines.next(['refused', 'received'], PATIENCE_MS);
  assert.deepEqual([line.event, line['code']], ['refused', 'signal-shared']);
  assert.match(String(line['msg']), /a capture would set off what that does; give the agent another signal/);
});

test('nodemon restarts a process that has an agent', async (t) => {
  const directory = temporaryDirectory(t);
  const script = join(directory, 'watched.cjs');
  writeFileSync(script, "console.log('up'); setInterval(() => undefined, 1000);\n");
  const nodemon = spawn(
    process.execPath,
    [
      join(packages, 'node_modules/nodemon/bin/nodemon.js'),
      '--watch',
      script,
      '--exec',
      `"${process.execPath}" ${IMPORT.join(' ')}`,
      script,
    ],
    {
      cwd: testsDirectory,
      env: { PATH: process.env['PATH'], ALLOW_HEAP_SNAPSHOT: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  afterTest(t, async () => {
    nodemon.kill('SIGINT');
    if (nodemon.exitCode === null) await once(nodemon, 'exit');
  });
  const lines = createInterface(nodemon.stdout)[Symbol.asyncIterator]();
  const nextUp = async (): Promise<void> => {
    for (;;) {
      const { value, done } = (await lines.next()) as IteratorResult<string, undefined>;
      if (done) throw new Error('nodemon ended');
      if (value === 'up') return;
    }
  };
  await nextUp();
  appendFileSync(script, '// changed\n');
  await nextUp();
});
