/** The width and the colors of reports, on terminals, in pipes and in files. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeHeapSnapshot } from 'node:v8';
import { runInThisContext } from 'node:vm';
import { lookOf } from '../../../packages/afterimage/dist/report/looks/terminal-look.js';
import { runCommand } from '../command.js';
import { temporaryDirectory } from '../temporary-directory.js';

const terminal = { isTTY: true, columns: 200 };
const pipe = { isTTY: false, columns: 80 };

test('a terminal has its own width and colors', () => {
  assert.deepEqual(lookOf(terminal, {}), { width: 200, colors: true });
  assert.deepEqual(lookOf({ isTTY: true, columns: 60 }, {}), { width: 60, colors: true });
  assert.equal(lookOf({ isTTY: true, columns: 12 }, {}).width, 40);
  assert.equal(lookOf({ isTTY: true, columns: 0 }, {}).width, 1000);
});

test('pipes and files are not truncated and have no colors', () => {
  assert.deepEqual(lookOf(pipe, {}), { width: 1000, colors: false });
  assert.deepEqual(lookOf(null, { FORCE_COLOR: '1' }), { width: 1000, colors: false });
});

test('COLUMNS sets the width everywhere', () => {
  for (const stream of [terminal, pipe, null]) assert.equal(lookOf(stream, { COLUMNS: '72' }).width, 72);
  for (const COLUMNS of ['', '0', '-3', 'wide', '1e9'])
    assert.equal(lookOf(terminal, { COLUMNS }).width, 200, COLUMNS);
});

test('FORCE_COLOR takes precedence over NO_COLOR, and both over the stream', () => {
  const colored = (stream: typeof pipe, env: NodeJS.ProcessEnv): boolean => lookOf(stream, env).colors;
  assert.equal(colored(pipe, { FORCE_COLOR: '1' }), true);
  assert.equal(colored(pipe, { FORCE_COLOR: '', NO_COLOR: '1' }), true);
  assert.equal(colored(terminal, { FORCE_COLOR: '0' }), false);
  assert.equal(colored(terminal, { NO_COLOR: '1' }), false);
  assert.equal(colored(terminal, { NO_COLOR: '' }), true);
  assert.equal(colored(terminal, { TERM: 'dumb' }), false);
});

test('a long class name is complete in a pipe, and fits if COLUMNS is set', async (t) => {
  const name = `Order${'OfTheCustomer'.repeat(12)}`;
  const LongName = runInThisContext(`(class ${name} { at = 0 })`) as new () => object;
  const kept = Array.from({ length: 20_000 }, () => new LongName());
  const file = writeHeapSnapshot(join(await temporaryDirectory(t), 'long.heapsnapshot'));
  assert.equal(kept.length, 20_000);
  const analyze = async (env: NodeJS.ProcessEnv): Promise<string> => {
    const end = await runCommand(['analyze', file], { env: { PATH: process.env.PATH, ...env } });
    assert.equal(end.code, 0, end.stderr);
    return end.stdout.toString();
  };
  assert.match(await analyze({}), new RegExp(` ${name} +20,00\\d `));
  const narrow = await analyze({ COLUMNS: '80', FORCE_COLOR: '1' });
  assert.doesNotMatch(narrow, new RegExp(name));
  // eslint-disable-next-line no-control-regex -- colors are control sequences
  assert.match(narrow, /\u001b\[1m/);
});
