/**
 * Captures under load: a server with everything in flight is captured many times in a row. It must answer
 * every request and afterwards hold the same as before; the captures must show what was planted.
 */
import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { countOf, loadInDevTools } from '../snapshot/devtools-model.js';
import { eventually } from '../eventually.js';
import { label, note, plantedCount } from '../fixtures/planted.js';
import { getJson, startLoad } from '../targets/http-load.js';
import { type LoadServer, startLoadServer } from '../targets/load-server.js';
import type { NodeBinary } from '../nodes.js';
import { type Census, census } from '../process-census.js';
import { PATIENCE_MS } from '../patience.js';

/** Until then, the agent opens what it keeps open, and the server's memory settles. */
const warmUpCaptures = 3;
/** What the server's own memory swings by while it serves. */
const memorySwingBytes = 32 << 20;

/** Captures under load, one by one; resolves to the snapshots, each in a file of its own in `directory`. */
export async function captureUnderLoad(
  node: NodeBinary,
  captures: number,
  directory: string,
): Promise<string[]> {
  const server = await startLoadServer(node, {
    ALLOW_HEAP_SNAPSHOT: '1',
    AFTERIMAGE_PATH: join(directory, 'capture.heapsnapshot'),
    AFTERIMAGE_DEVELOP: 'always',
    AFTERIMAGE_REDACT: 'none',
  });
  try {
    const warmUp = await captureTimes(server, warmUpCaptures, 'warm-up');
    const before = await censusAtRest(server);
    const snapshots = await captureTimes(server, captures - warmUpCaptures, 'capture');
    await eventually(async () => assertNothingLeft(before, await censusAtRest(server)));
    return [...warmUp, ...snapshots];
  } finally {
    await server.stop();
  }
}

async function captureTimes(server: LoadServer, times: number, name: string): Promise<string[]> {
  const snapshots: string[] = [];
  await getJson(server.port, '/work');
  const load = startLoad(server.port);
  try {
    await eventually(() =>
      assert.ok(load.served > 100, `${load.served} served; ${load.failures.join(', ')}`),
    );
    for (let i = 1; i <= times; i++) snapshots.push(await captureOnce(server, `${name}-${i}`));
  } finally {
    await load.stop();
  }
  assert.deepEqual(load.failures, []);
  return snapshots;
}

async function captureOnce(server: LoadServer, name: string): Promise<string> {
  process.kill(server.pid, 'SIGUSR2');
  const { event, kind, path, ...rest } = await server.lines.next(['written', 'failed'], PATIENCE_MS);
  assert.ok(event === 'written' && kind === 'snapshot' && path !== undefined, JSON.stringify(rest));
  const kept = path.replace('capture.', `${name}.`);
  await rename(path, kept);
  return kept;
}

async function censusAtRest(server: LoadServer): Promise<Census> {
  await getJson(server.port, '/rest');
  return eventually(() => {
    const taken = census(server.pid);
    assert.deepEqual(taken.children, {}, 'a child of the server is left');
    return taken;
  });
}

function assertNothingLeft(before: Census, after: Census): void {
  assert.deepEqual(after.descriptors, before.descriptors, 'descriptors are left');
  assert.equal(after.threads, before.threads, 'threads are left');
  const growth = after.rssBytes - before.rssBytes;
  assert.ok(growth < memorySwingBytes, `the server grew by ${growth} bytes`);
}

/** DevTools' own loader opens it, and finds all that the load server planted. */
export async function assertShowsWhatWasPlanted(snapshot: string): Promise<void> {
  const model = await loadInDevTools(snapshot, ['PlantedThing.label', 'PlantedThing.note']);
  assert.equal(countOf(model, 'PlantedThing'), plantedCount);
  assert.deepEqual(
    new Set(model.strings['PlantedThing.label']),
    new Set(Array.from({ length: plantedCount }, (_, index) => label(index))),
  );
  assert.deepEqual(model.strings['PlantedThing.note'], Array<string>(plantedCount).fill(note));
}
