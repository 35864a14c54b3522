/** The heap of a worker thread that allocates without a pause while it is captured: all of it, or a refusal. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { openSnapshot } from '@afterimage/snapshot';
import { runCommand } from '../command.js';
import { nodes } from '../nodes.js';
import { PATIENCE_MS } from '../patience.js';

const directory = mkdtempSync(path.join(tmpdir(), 'afterimage-busy-'));
after(() => rmSync(directory, { recursive: true }));
const ITEMS = 20_000;
const CAPTURES = 2;
const WORKER = `
  const { parentPort } = require('node:worker_threads');
  class Item { constructor(index) { this.text = 'item ' + index; } }
  const kept = (globalThis.kept = new Map());
  for (let index = 0; ; index++) {
    kept.set(index % ${ITEMS}, new Item(index));
    if (index === 10 * ${ITEMS}) parentPort.postMessage('up');
  }
`;
const TARGET = `
  const { Worker } = require('node:worker_threads');
  new Worker(${JSON.stringify(WORKER)}, { eval: true }).on('message', (message) => console.log(message));
`;

for (const node of nodes)
  test(
    `a worker that allocates is read whole, of Node ${node.version}`,
    { timeout: PATIENCE_MS },
    async () => {
      const target = spawn(node.path, ['-e', TARGET], { stdio: ['ignore', 'pipe', 'ignore'] });
      after(() => target.kill('SIGKILL'));
      await once(target.stdout, 'data');
      for (let round = 0; round < CAPTURES; round++) {
        const output = path.join(directory, `${node.major}-${round}.heapsnapshot`);
        const { code, stderr } = await runCommand([
          'capture',
          String(target.pid),
          '--isolate',
          '1',
          '-o',
          output,
        ]);
        if (code !== 0) {
          assert.equal(code, 1, stderr);
          assert.match(
            stderr,
            /thread 1: its thread was collecting garbage when the image was taken; capture again/,
          );
          continue;
        }
        const snapshot = await openSnapshot(output);
        const items = snapshot.classes().find(({ name }) => name === 'Item')?.count ?? 0;
        assert.ok(items >= ITEMS && items < ITEMS + 100, `${items} of ${ITEMS}`);
      }
      target.kill('SIGKILL');
      await once(target, 'exit');
    },
  );
