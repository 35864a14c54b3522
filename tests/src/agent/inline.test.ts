/** Inline mode: the pause must be accepted explicitly, and readiness is off while it lasts. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { readFileSync, statSync, symlinkSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { install, type AgentEvent } from '@afterimage/agent';
import { createReadiness } from '../../../packages/agent/dist/readiness.js';
import { filesIn, startTarget, temporaryDirectory } from '../targets/agent-target.js';
import { newestNodes } from '../nodes.js';
import { PATIENCE_MS } from '../patience.js';

for (const { major, path: node } of newestNodes) {
  test(`Node ${major}: the signal writes a complete snapshot inline, with mode 0600`, async (t) => {
    const directory = temporaryDirectory(t);
    const path = join(directory, 'a.heapsnapshot');
    const target = await startTarget(t, { node, options: { mode: 'inline', allow: true, path } });
    target.child.kill('SIGUSR2');
    const written = await target.lines.next(['written', 'failed', 'refused'], PATIENCE_MS);
    assert.deepEqual([written.event, written.kind, written.path], ['written', 'snapshot', path]);
    assert.ok((written.pauseMs ?? 0) > 0);
    assert.deepEqual(filesIn(directory), ['a.heapsnapshot']);
    const { mode, size } = statSync(path);
    assert.deepEqual([mode & 0o777, size], [0o600, written.bytes]);
    const snapshot = JSON.parse(readFileSync(path, 'utf8')) as { strings: string[] };
    assert.ok(snapshot.strings.includes('PlantedThing'));
  });
}

/** An agent in this process, its logger silent. */
function installHere(
  t: TestContext,
  options: { path: string; drainMs?: number },
): ReturnType<typeof install> {
  const silent = (): void => undefined;
  const agent = install({
    mode: 'inline',
    logger: { info: silent, warn: silent, error: silent },
    ...options,
  });
  t.after(() => agent.uninstall());
  return agent;
}

async function serve(t: TestContext, agent: ReturnType<typeof install>): Promise<() => Promise<number>> {
  const server: Server = createServer((request, response) => agent.readiness(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/health/ready`;
  return async () => (await fetch(url)).status;
}

test('readiness is off from before the pause until the file is complete', async (t) => {
  const path = join(temporaryDirectory(t), 'a.heapsnapshot');
  const agent = installHere(t, { path, drainMs: 300 });
  const probe = await serve(t, agent);
  assert.deepEqual([await probe(), agent.ready], [200, true]);

  const seen: [string, boolean][] = [];
  for (const event of ['started', 'captured', 'written'] as const) {
    agent.on(event, () => void seen.push([event, agent.ready]));
  }
  const started = new Promise<AgentEvent<'started'>>((resolve) => agent.on('started', resolve));
  const capture = agent.capture();
  await started;
  assert.equal(await probe(), 503); // the drain: it still serves
  assert.equal(agent.status().state, 'capturing');
  await assert.rejects(agent.capture(), { name: 'CaptureError', code: 'busy' });
  const result = await capture;
  assert.deepEqual(seen, [
    ['started', false],
    ['captured', false],
    ['written', true],
  ]);
  assert.deepEqual([await probe(), agent.ready], [200, true]);
  const status = agent.status();
  assert.deepEqual([status.state, status.possible, status.lastResult], ['idle', true, result]);
});

test('a failed capture turns readiness on again', async (t) => {
  const path = join(temporaryDirectory(t), 'a.heapsnapshot');
  const agent = installHere(t, { path, drainMs: 0 });
  // The link appears only when the snapshot is done, so the last check finds it.
  agent.on('captured', () => symlinkSync('/nonexistent', path));
  await assert.rejects(agent.capture(), { code: 'output', detail: 'symbolic-link' });
  assert.equal(agent.ready, true);
  assert.equal(agent.status().lastError?.code, 'output');
});

test('uninstalling ends the drain, and nothing is written', async (t) => {
  const directory = temporaryDirectory(t);
  const agent = installHere(t, { path: join(directory, 'a.heapsnapshot'), drainMs: 60_000 });
  const started = new Promise((resolve) => agent.on('started', resolve));
  const capture = assert.rejects(agent.capture(), { code: 'uninstalled' });
  await started;
  await agent.uninstall();
  await capture;
  assert.deepEqual([filesIn(directory), agent.status().state], [[], 'uninstalled']);
  await assert.rejects(agent.capture(), { code: 'uninstalled' });
});

test('by default it drains only if readiness is queried', () => {
  const readiness = createReadiness();
  assert.equal(readiness.drainMs(undefined), 0);
  readiness.isReady();
  assert.equal(readiness.drainMs(undefined), 30_000);
  assert.equal(readiness.drainMs(7), 7);
});
