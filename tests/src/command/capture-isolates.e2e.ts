/** `capture --isolate`, and what `heap` and `ps` say of worker threads. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openSnapshot } from '@afterimage/snapshot';
import { runCommand } from '../command.js';
import { newestNodes, type NodeBinary } from '../nodes.js';
import { startTarget, temporaryDirectory } from '../targets/agent-target.js';
import { anyPort, startPlainTarget, type PlainTarget } from '../targets/plain-target.js';

const WORKER = `
  const { parentPort } = require('node:worker_threads');
  class Quote { constructor(index) { this.index = index; } }
  globalThis.quotes = Array.from({ length: 1234 }, (_, index) => new Quote(index));
  parentPort.on('message', () => undefined);
  parentPort.postMessage('up');
`;

async function targetWithWorker(t: TestContext, node: NodeBinary): Promise<PlainTarget> {
  const target = await startPlainTarget(t, { node: node.path, flags: [anyPort] });
  await target.run(`new Promise((resolve) => {
    const { Worker } = require('node:worker_threads');
    new Worker(${JSON.stringify(WORKER)}, { eval: true, name: 'pricing' }).once('message', resolve);
  })`);
  return target;
}

interface Written {
  path: string;
  isolate: { threadId: number; name: string | null; script: string | null };
}

for (const node of newestNodes)
  test(`every thread's heap is captured at once, of Node ${node.version}`, async (t) => {
    const target = await targetWithWorker(t, node);
    const directory = temporaryDirectory(t);
    const output = join(directory, 'heap-{isolate}.heapsnapshot');
    const pid = String(target.pid);
    const { code, stdout, stderr } = await runCommand([
      'capture',
      pid,
      '--isolate',
      'all',
      '-o',
      output,
      '--json',
    ]);
    assert.equal(code, 0, stderr);
    const { captures } = JSON.parse(stdout.toString()) as { captures: Written[] };
    const seen = captures.map(({ path, isolate: { threadId, name } }) => ({ path, threadId, name }));
    const pathOf = (thread: number): string => join(directory, `heap-${thread}.heapsnapshot`);
    assert.deepEqual(seen, [
      { path: pathOf(0), threadId: 0, name: null },
      { path: pathOf(1), threadId: 1, name: 'pricing' },
    ]);
    const quotes = async (thread: number): Promise<number | undefined> =>
      (await openSnapshot(pathOf(thread))).classes().find(({ name }) => name === 'Quote')?.count;
    assert.deepEqual([await quotes(0), await quotes(1)], [undefined, 1234]);

    const heap = await runCommand(['heap', pid, '--json']);
    const { threads } = JSON.parse(heap.stdout.toString()) as { threads: Written['isolate'][] };
    assert.deepEqual(
      threads.map(({ threadId, name, script }) => ({ threadId, name, script })),
      [
        { threadId: 0, name: null, script: threads[0]?.script },
        { threadId: 1, name: 'pricing', script: '[worker eval]' },
      ],
    );
    const ps = await runCommand(['ps', '--json']);
    const { processes } = JSON.parse(ps.stdout.toString()) as { processes: { pid: number; heaps: number }[] };
    assert.equal(processes.find((each) => each.pid === target.pid)?.heaps, 2);

    const none = await runCommand([
      'capture',
      pid,
      '--isolate',
      '9',
      '-o',
      join(directory, 'none.heapsnapshot'),
    ]);
    assert.equal(none.code, 1);
    assert.match(
      none.stderr,
      /no thread 9 in this image; it has the heaps of 2 threads: 0 main thread \(.*; 1 "pricing" \(/,
    );
  });

test('what cannot work with --isolate is refused before anything is sent', async (t) => {
  const path = join(temporaryDirectory(t), 'agent.heapsnapshot');
  const server = await startTarget(t, { options: { path, allow: true } });
  const pid = String(server.pid);
  const byAgent = await runCommand(['capture', pid, '--isolate', '1']);
  assert.equal(byAgent.code, 3, byAgent.stderr);
  assert.match(
    byAgent.stderr,
    /has an agent, which captures the main thread's heap alone.*--no-agent \(nothing was sent to it\)/,
  );
  for (const [words, said] of [
    [['--isolate', '1', '--image', 'app.image'], /--image stores the heaps of all threads/],
    [
      ['--isolate', 'all', '-o', 'one.heapsnapshot'],
      /is one file for the heaps of all threads: put \{isolate\} in its name/,
    ],
    [['--isolate', 'all', '-o', '-'], /--isolate all writes a file for each thread/],
    [['--isolate', 'first'], /Give the number of a thread/],
  ] as const) {
    const { code, stderr } = await runCommand(['capture', pid, '--store-plain-image', ...words]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, said);
  }
  const inCluster = await runCommand(['capture', 'pod/shop', '--isolate', '1', '--develop', 'in-cluster']);
  assert.equal(inCluster.code, 2);
  assert.match(inCluster.stderr, /--develop in-cluster is by V8's own generator/);
});
