/** Cleanup after an attacher that disappeared without a dismissal. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { within } from '../../../packages/host/dist/deferred.js';
import { closeInspectors } from '../../../packages/afterimage/dist/attach/cleanup.js';
import { watchedProcess } from '../../../packages/afterimage/dist/attach/watched-processes.js';
import { newestNodes } from '../nodes.js';
import { inspectorOpens, listeningPorts, startPlainTarget } from '../targets/plain-target.js';

for (const { version, path } of newestNodes) {
  test(`on Node ${version}, does not wait for an inspector that was opened and closed`, async (t) => {
    const target = await startPlainTarget(t, { node: path });
    const watched = await watchedProcess(target.pid);
    process.kill(target.pid, 'SIGUSR1');
    await inspectorOpens(target);
    await target.run('process._debugEnd(), 0');
    assert.deepEqual(listeningPorts(target.pid), [target.port]);
    const closed = closeInspectors({
      target: watched,
      children: [],
      directories: [],
      opened: false,
      closed: false,
      dismissed: false,
    });
    await within(closed, 20_000, () => new Error('it is waited for'));
  });
}
