/**
 * If a target cannot load the installed addon, it gets a copy: other users, other views of the file system.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { runCommand } from '../command.js';
import { nodeOf } from '../nodes.js';
import {
  anyPort,
  assertAsBefore,
  heldBy,
  hideInstalled,
  inMountNamespace,
  needsOtherUsers,
  needsRoot,
  noexecAt,
  startPlainTarget,
  type PlainSettings,
} from '../targets/plain-target.js';
import { temporaryDirectory } from '../temporary-directory.js';

async function assertCaptured(t: TestContext, settings: PlainSettings): Promise<void> {
  const target = await startPlainTarget(t, settings);
  const before = heldBy(target.pid);
  const output = join(await temporaryDirectory(t), 'app.heapsnapshot');
  const { code, stderr } = await runCommand(['capture', String(target.pid), '-o', output]);
  assert.equal(code, 0, stderr);
  await assertAsBefore(target, before);
}

const otherUser = ['setpriv', '--reuid=10001', '--regid=10001', '--clear-groups', '--'];

describe('captures with a copy of the addon', { skip: needsRoot }, () => {
  it("root captures another user's process", { skip: needsOtherUsers }, (t) =>
    assertCaptured(t, { prefix: otherUser, cwd: '/' }),
  );

  it('… that cannot read the installed addon', { skip: needsOtherUsers }, (t) =>
    assertCaptured(t, { prefix: [...inMountNamespace(hideInstalled), ...otherUser], cwd: '/' }),
  );

  it('… on a separate file system, of which only one directory is not noexec', (t) => {
    const places = ['/tmp', '/dev/shm', '/var/tmp'].map(noexecAt);
    return assertCaptured(t, { prefix: inMountNamespace(hideInstalled, ...places), cwd: '/proc' });
  });

  it('from the directory in which it runs', (t) => {
    const places = ['/tmp', '/dev/shm', '/var/tmp', '/run'].map(noexecAt);
    const prefix = inMountNamespace(hideInstalled, ...places, 'mount -t tmpfs x /mnt', 'cd /mnt');
    return assertCaptured(t, { prefix });
  });

  it('under the permission model, with the necessary flags', (t) => {
    const allowed = ['--permission', '--allow-fs-read=*', '--allow-addons', '--allow-inspector'];
    return assertCaptured(t, { node: nodeOf(24).path, flags: [anyPort, ...allowed] });
  });
});
