/** `afterimage capture --json`: one document, for one target and for several, with the failures in it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCommand } from '../command.js';
import { startTarget, temporaryDirectory } from '../targets/agent-target.js';

interface Outcome {
  target: string;
  kind?: string;
  path?: string;
  error?: { code: string; message: string; exitCode: number };
}

async function captured(
  words: string[],
): Promise<{ captures: Outcome[]; code: number | null; stderr: string }> {
  const { code, stdout, stderr } = await runCommand(['capture', ...words, '--json']);
  const document = JSON.parse(stdout.toString()) as { captures: Outcome[] };
  assert.deepEqual(Object.keys(document), ['captures']);
  return { ...document, code, stderr };
}

test('has the same shape for one target and for several, including failures', async (t) => {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  const gone = String(child.pid);
  const alone = await captured([gone]);
  const { target, error } = alone.captures[0] ?? {};
  assert.deepEqual([alone.captures.length, target], [1, `process ${gone}`]);
  assert.ok(error);
  assert.deepEqual([error.exitCode, alone.stderr], [alone.code, `afterimage: ${error.message}\n`]);
  assert.match(error.code, /^(failed|refused|target-gone)$/);

  const directory = temporaryDirectory(t);
  const path = join(directory, 'agent.heapsnapshot');
  const server = await startTarget(t, { options: { path, allow: true } });
  const both = await captured([gone, String(server.pid)]);
  assert.deepEqual(both.captures[0], alone.captures[0]);
  assert.deepEqual(
    [both.captures[1]?.kind, both.captures[1]?.path, both.captures.length],
    ['snapshot', path, 2],
    both.stderr,
  );
  assert.equal(both.code, error.exitCode);
});
