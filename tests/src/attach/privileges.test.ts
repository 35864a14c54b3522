/** Servers that drop root once they listen: the kernel keeps their files in /proc for root. */
import assert from 'node:assert/strict';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, test, type TestContext } from 'node:test';
import { runCommand } from '../command.js';
import { newestNodes } from '../nodes.js';
import {
  assertAsBefore,
  heldBy,
  needsOtherUsers,
  needsRoot,
  startPlainTarget,
  type Held,
  type PlainTarget,
} from '../targets/plain-target.js';
import { temporaryDirectory } from '../temporary-directory.js';

const NOBODY = 65_534;

async function startDropped(t: TestContext, node?: string): Promise<{ target: PlainTarget; before: Held }> {
  const target = await startPlainTarget(t, node === undefined ? {} : { node });
  const before = heldBy(target.pid);
  const drop = `process.setgroups([]), process.setgid(${NOBODY}), process.setuid(${NOBODY}), process.getuid()`;
  assert.equal(await target.run(drop), NOBODY);
  return { target, before };
}

describe('captures a server that dropped its privileges', { skip: needsRoot }, () => {
  for (const { major, path } of newestNodes) {
    it(`Node ${major}`, async (t) => {
      const { target, before } = await startDropped(t, path);
      const output = join(await temporaryDirectory(t), 'x.heapsnapshot');
      const { code, stderr } = await runCommand(['capture', String(target.pid), '-o', output]);
      assert.equal(code, 0, stderr);
      assert.match(readFileSync(output, 'utf8'), /PlantedThing/);
      await assertAsBefore(target, before);
      assert.equal(await target.run('process.getuid()'), NOBODY);
    });
  }
});

test('refuses its own user beforehand', { skip: needsOtherUsers }, async (t) => {
  const { target } = await startDropped(t);
  const directory = await temporaryDirectory(t);
  chmodSync(directory, 0o777);
  const prefix = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--'];
  const end = await runCommand(['capture', String(target.pid), '-o', join(directory, 'x')], { prefix });
  assert.match(
    end.stderr,
    /^afterimage: process \d+ belongs to user id 65534, as this command does, .* with sudo [^\n]+\n$/,
  );
  assert.equal(end.code, 3);
  assert.equal(target.stderr(), '');
});
