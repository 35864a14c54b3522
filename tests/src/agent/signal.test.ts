/**
 * The signal, its gate, and many signals at once; the ways to install the agent, and where it stays inactive.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readAgentLines } from '../targets/agent-lines.js';
import {
  afterTest,
  filesIn,
  startTarget,
  temporaryDirectory,
  testsDirectory,
  type Target,
} from '../targets/agent-target.js';
import { nodeOf, newestNodes } from '../nodes.js';
import { PATIENCE_MS } from '../patience.js';

const IMPORT = ['--import', '@afterimage/agent/register'];

interface Status {
  state: string;
  gate: string;
  possible: boolean;
  reason?: string;
}

async function statusOf(target: Target): Promise<Status> {
  return (await target.get('/status')) as Status;
}

for (const { major, path: node } of newestNodes) {
  const ways = {
    '--import': { flags: IMPORT },
    '--require': { flags: ['--require', '@afterimage/agent/register'] },
    'NODE_OPTIONS with --import': { env: { NODE_OPTIONS: IMPORT.join(' ') } },
    'NODE_OPTIONS with --require': { env: { NODE_OPTIONS: '--require @afterimage/agent/register' } },
  };
  for (const [way, settings] of Object.entries(ways)) {
    test(`Node ${major}, ${way}: with the gate shut the signal is refused, and the server lives`, async (t) => {
      const target = await startTarget(t, { node, ...settings });
      target.child.kill('SIGUSR2');
      const line = await target.lines.next(['refused', 'received'], PATIENCE_MS);
      assert.equal(line.event, 'refused');
      assert.deepEqual(
        [line['level'], line['code'], line['pid'], line['msg']],
        [
          'warn',
          'gate-shut',
          target.pid,
          'refused SIGUSR2: the gate is shut; start the server with ALLOW_HEAP_SNAPSHOT=1, or install({ allow: true })',
        ],
      );
      assert.deepEqual(await target.get('/'), { things: 1000 });
      assert.equal((await statusOf(target)).gate, 'shut');
      assert.deepEqual(target.lines.otherOutput, []);
    });
  }
}

test('10,000 signals at a shut gate cost a few log lines and nothing else', async (t) => {
  const target = await startTarget(t, { options: { path: join(temporaryDirectory(t), 'a.heapsnapshot') } });
  const started = performance.now();
  const storm = (): void => {
    for (let i = 0; i < 10_000; i++) target.child.kill('SIGUSR2');
  };
  storm();
  assert.deepEqual(await target.get('/'), { things: 1000 });
  const first = await target.lines.next(['refused'], PATIENCE_MS);
  assert.equal(first['count'], 1);
  let lines = 1;
  // The kernel may merge signals; those that arrive are counted.
  for (let count = 1; count === 1; lines++) {
    assert.ok(lines < 10, 'no line counts more than one signal');
    storm();
    count = Number((await target.lines.next(['refused'], PATIENCE_MS))['count']);
  }
  const seconds = (performance.now() - started) / 1000;
  assert.ok(lines <= 2 + seconds);
  target.child.kill('SIGUSR2');
  await target.lines.next(['refused'], PATIENCE_MS);
});

test('a second install returns the same agent and names the options that have no effect', async (t) => {
  const target = await startTarget(t, {
    flags: IMPORT,
    options: { allow: true, path: '/tmp/other.heapsnapshot' },
  });
  assert.equal((await statusOf(target)).gate, 'shut');
  assert.match(target.lines.otherOutput.join('\n'), /installed already .* do not count: allow, path/);
});

test('after uninstall the signal does what it does to any Node.js process', async (t) => {
  const target = await startTarget(t, { options: {} });
  await target.get('/uninstall');
  target.child.kill('SIGUSR2');
  assert.deepEqual(await target.ended, { code: null, signal: 'SIGUSR2' });
});

test('another signal can be chosen', async (t) => {
  const target = await startTarget(t, { flags: IMPORT, env: { AFTERIMAGE_SIGNAL: 'SIGWINCH' } });
  target.child.kill('SIGWINCH');
  const line = await target.lines.next(['refused'], PATIENCE_MS);
  assert.match(String(line['msg']), /^refused SIGWINCH/);
});

test("SIGUSR1 still opens Node.js's inspector", async (t) => {
  const target = await startTarget(t, { flags: [...IMPORT, '--inspect-port=0'] });
  const opened = new Promise((resolve) => target.child.stderr?.on('data', resolve));
  target.child.kill('SIGUSR1');
  assert.match(String(await opened), /Debugger listening on/);
});

test('a wrong option at registration is reported in one line, and neither it nor the signal ends the server', async (t) => {
  const target = await startTarget(t, { flags: IMPORT, env: { AFTERIMAGE_PATH: '/tmp/{when}' } });
  const failed = await target.lines.next(['failed'], PATIENCE_MS);
  assert.match(String(failed['msg']), /not installed: .*AFTERIMAGE_PATH: unknown placeholder \{when\}/);
  target.child.kill('SIGUSR2');
  await target.lines.next(['refused'], PATIENCE_MS);
  assert.deepEqual(await target.get('/'), { things: 1000 });
});

test('a process with nothing left to do exits, with or without an agent', () => {
  for (const flags of [IMPORT, ['--require', '@afterimage/agent/register']]) {
    const { status, stderr } = spawnSync(process.execPath, [...flags, '--eval', 'console.log(1)'], {
      cwd: testsDirectory,
      encoding: 'utf8',
      timeout: PATIENCE_MS,
    });
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  }
});

test('in a worker thread the agent does nothing and reports why', async (t) => {
  for (const settings of [
    { flags: IMPORT },
    { env: { NODE_OPTIONS: '--require @afterimage/agent/register' } },
  ]) {
    const target = await startTarget(t, settings);
    const { status, error } = (await target.get('/worker')) as { status: Status; error: string };
    assert.deepEqual([status.possible, error], [false, 'unsupported']);
    assert.match(status.reason ?? '', /worker threads take no captures/);
    target.child.kill('SIGUSR2');
    await target.lines.next(['refused'], PATIENCE_MS);
  }
});

test('each cluster worker has its own agent', async (t) => {
  const script = fileURLToPath(new URL('../fixtures/agent-cluster.js', import.meta.url));
  for (const settings of [{ flags: IMPORT }, { env: { NODE_OPTIONS: IMPORT.join(' ') } }]) {
    const { flags = [], env } = { ...settings } as { flags?: string[]; env?: Record<string, string> };
    const primary = spawn(process.execPath, [...flags, script], {
      cwd: testsDirectory,
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    afterTest(t, () => primary.kill('SIGKILL'));
    const lines = readAgentLines(primary.stderr);
    const [pid] = (await once(createInterface(primary.stdout), 'line')) as string[];
    process.kill(Number(pid), 'SIGUSR2');
    assert.equal((await lines.next(['refused'], PATIENCE_MS))['pid'], Number(pid));
  }
});

test('under the permission model, the reason and the necessary flags are reported', async (t) => {
  const directory = temporaryDirectory(t);
  const target = await startTarget(t, {
    node: nodeOf(24).path,
    flags: ['--permission', '--allow-fs-read=*', '--allow-fs-write=*', '--allow-worker', ...IMPORT],
    env: { ALLOW_HEAP_SNAPSHOT: '1', AFTERIMAGE_PATH: join(directory, 'a.heapsnapshot') },
  });
  const { possible, reason } = await statusOf(target);
  assert.equal(possible, false);
  assert.match(reason ?? '', /--allow-addons/);
  target.child.kill('SIGUSR2');
  const refused = await target.lines.next(['refused'], PATIENCE_MS);
  assert.equal(refused['code'], 'unsupported');
  assert.match(
    String(refused['msg']),
    /impossible here.*--allow-addons.*mode: 'inline' \(AFTERIMAGE_MODE=inline\) captures/,
  );
  assert.deepEqual(await target.get('/'), { things: 1000 });
  assert.deepEqual(filesIn(directory), []);
});
