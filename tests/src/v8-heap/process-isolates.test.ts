/** The isolates of a running process, read from outside. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { countIsolates, processIsolates } from '@afterimage/v8-heap/process-isolates';
import { outerNodes } from '../nodes.js';
import { PATIENCE_MS } from '../patience.js';

const WORKER = `
  const { parentPort } = require('node:worker_threads');
  parentPort.on('message', () => undefined);
  parentPort.postMessage('up');
`;
const TARGET = `
  const { Worker } = require('node:worker_threads');
  new Worker(${JSON.stringify(WORKER)}, { eval: true, name: 'indexing' }).on('message', (message) => console.log(message));
`;

for (const node of outerNodes)
  test(
    `the threads of a process have their names and heaps, of Node ${node.version}`,
    { timeout: PATIENCE_MS },
    async () => {
      const target = spawn(node.path, ['-e', TARGET], { stdio: ['ignore', 'pipe', 'inherit'] });
      after(() => target.kill());
      await once(target.stdout, 'data');
      const pid = target.pid ?? 0;
      assert.equal(countIsolates(pid), 2);
      const isolates = (await processIsolates(pid, [node.path])) ?? [];
      const seen = isolates.map(({ threadId, name, script }) => ({ threadId, name, script }));
      assert.deepEqual(seen, [
        { threadId: 0, name: null, script: null },
        { threadId: 1, name: node.major === 20 ? null : 'indexing', script: '[worker eval]' },
      ]);
      for (const { usedBytes, committedBytes } of isolates)
        assert.ok(usedBytes > 1e6 && usedBytes <= committedBytes, `${usedBytes} of ${committedBytes}`);
      target.kill();
      await once(target, 'exit');
      assert.equal(countIsolates(pid), null);
      assert.equal(await processIsolates(pid, [node.path]), null);
    },
  );
