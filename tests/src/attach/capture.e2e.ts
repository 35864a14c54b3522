/** `afterimage capture PID` on unprepared servers: under load, on each Node version. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { assertShowsWhatWasPlanted } from '../command/capture-series.js';
import { runCommand } from '../command.js';
import { eventually } from '../eventually.js';
import { startLoad } from '../targets/http-load.js';
import { nodes, type NodeBinary } from '../nodes.js';
import { assertAsBefore, heldBy, startPlainTarget } from '../targets/plain-target.js';
import { temporaryDirectory } from '../temporary-directory.js';

async function captureUnderLoad(
  t: TestContext,
  { path: node }: NodeBinary,
  isModule: boolean,
): Promise<void> {
  const target = await startPlainTarget(t, { node, isModule, flags: [] });
  const before = heldBy(target.pid);
  const output = join(await temporaryDirectory(t), 'app.heapsnapshot');
  const load = startLoad(target.port);
  try {
    await eventually(() => assert.ok(load.served > 20, load.failures.join(', ')));
    const { code, stderr } = await runCommand([
      'capture',
      String(target.pid),
      '-o',
      output,
      '--redact',
      'none',
    ]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^afterimage: wrote the snapshot .*app\.heapsnapshot \(.*\n$/);
  } finally {
    await load.stop();
  }
  assert.deepEqual(load.failures, []);
  await assertShowsWhatWasPlanted(output);
  await assertAsBefore(target, before);
}

describe('captures an unprepared server under load', () => {
  for (const node of nodes) {
    const isModule = node.major === 22 || node.major === 26;
    it(`Node ${node.version}, ${isModule ? 'ES modules' : 'CommonJS'}`, (t) =>
      captureUnderLoad(t, node, isModule));
  }
});
