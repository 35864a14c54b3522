/** What the command says of itself: help, exit codes, and the stack of an error only on request. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCodes } from '../../../packages/afterimage/dist/cli/command-error.js';
import { runCommand } from '../command.js';

test('the help has the exit codes', async () => {
  const { code, stdout } = await runCommand(['--help']);
  assert.equal(code, 0);
  const listed = [...stdout.toString().matchAll(/^ {2}(\d) {2}\w/gm)].map(([, digit]) => Number(digit));
  assert.deepEqual(listed, Object.values(exitCodes).sort());
});

test('without a verb the help is printed, as a mistake', async () => {
  const { code, stdout, stderr } = await runCommand([]);
  assert.deepEqual([code, stdout.length], [2, 0]);
  assert.match(stderr, /^Usage: afterimage .*\n[^]*^ {2}capture .*\n[^]*^Exit codes:$/m);
});

test('the stack of an error is printed on request alone', async () => {
  const wrong = ['verify', '/no/such/file'];
  const env = { PATH: process.env.PATH };
  assert.doesNotMatch((await runCommand(wrong, { env })).stderr, /\n./);
  const asked = [
    await runCommand([...wrong, '--debug'], { env }),
    await runCommand(['--debug', ...wrong], { env }),
    await runCommand(wrong, { env: { ...env, AFTERIMAGE_DEBUG: '1' } }),
  ];
  for (const { code, stderr } of asked) {
    assert.match(stderr, /^afterimage: \/no\/such\/file does not exist.*\n.*Error: [^]*\n {4}at .*\.js:\d+/);
    assert.equal(code, 1);
  }
});
