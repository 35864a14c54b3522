/** The programs in docs/library.md do what the document says. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { nodeOf } from '../nodes.js';
import { runProgram } from '../snapshot/planted-snapshots.js';
import { PATIENCE_MS } from '../patience.js';

const directory = mkdtempSync(path.join(tmpdir(), 'afterimage-library-'));
after(() => rmSync(directory, { recursive: true }));
const documentation = readFileSync(new URL('../../../docs/library.md', import.meta.url), 'utf8');

before(() => {
  mkdirSync(path.join(directory, 'node_modules/@afterimage'), { recursive: true });
  const library = fileURLToPath(new URL('../../../packages/snapshot', import.meta.url));
  symlinkSync(library, path.join(directory, 'node_modules/@afterimage/snapshot'));
  writeFileSync(path.join(directory, 'package.json'), '{"type":"module"}');
  for (const [, program = ''] of documentation.matchAll(/^```js\n(.*?)^```$/gms)) {
    const [, name = ''] = /^\/\/ ([\w.]+\.js)/.exec(program) ?? [];
    assert.ok(name, program);
    writeFileSync(path.join(directory, name), program);
  }
  runProgram(
    nodeOf(24),
    directory,
    'orders',
    `class Order { constructor(i) { this.note = 'note ' + i; } }
     const orders = (module.exports.orders = new Map());
     for (const file of ['before', 'after']) {
       for (let i = 0; i < 3000; i++) orders.set(orders.size, new Order(orders.size));
       snapshot(file + '.heapsnapshot');
     }`,
  );
});

/** What a program of the documentation prints. */
function run(...args: string[]): { status: number | null; stdout: string } {
  // Or the program's own test runner would speak to this one.
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
  const { status, stdout, stderr } = spawnSync(nodeOf(24).path, args, {
    cwd: directory,
    env,
    encoding: 'utf8',
    timeout: PATIENCE_MS,
  });
  assert.equal(stderr, '');
  return { status, stdout };
}

test('the documented test of sessions fails on a leak, and names the holder', () => {
  const { status, stdout } = run('--test', 'sessions.test.js');
  assert.equal(status, 1, stdout);
  assert.match(stdout, /2,000 more Session in byNumber \(Map\) of .*sessions\.js/);
  const [, said = ''] = /\n\n```\n(.*?)^```$/ms.exec(documentation) ?? [];
  assert.match(said, /Session in byNumber/);
  for (const line of said.trim().split('\n')) {
    const words = line.trim().replaceAll('/app/', '');
    assert.ok(stdout.replaceAll(`${directory}/`, '').includes(words), `${words}\n is not in\n${stdout}`);
  }
});

test('it passes if nothing leaks', () => {
  const sessions = path.join(directory, 'sessions.js');
  const leaky = readFileSync(sessions, 'utf8');
  const [, mended = ''] = /With `(byNumber\.delete.*?)` in/.exec(documentation) ?? [];
  assert.ok(mended);
  writeFileSync(
    sessions,
    leaky.replace('current.delete(session);', (line) => `${line}\n  ${mended};`),
  );
  const { status, stdout } = run('--test', 'sessions.test.js');
  assert.equal(status, 0, stdout);
});

test('lists the largest classes', () => {
  const { stdout } = run('largest.js', 'after.heapsnapshot');
  assert.match(stdout, /^\d+ nodes, \d+ references$/m);
  assert.match(stdout, /^Map: \d+, \d+ bytes, and \d+ with all/m);
});

test('finds what retains the instances of a class', () => {
  const { stdout } = run('holders.js', 'after.heapsnapshot', 'Order');
  assert.match(stdout, /^@\d+: \d+ bytes, .*orders \(Map\)/m);
});

test('answers a question that only the graph can answer', () => {
  const [, most = ''] =
    /^(\d+) references from .*orders \(Map\)/.exec(run('collections.js', 'after.heapsnapshot').stdout) ?? [];
  assert.ok(Number(most) >= 6000, most);
});

test('queries the columns', () => {
  const [, bytes = ''] =
    /^strings take (\d+) bytes$/m.exec(run('strings.js', 'after.heapsnapshot').stdout) ?? [];
  assert.ok(Number(bytes) > 6000 * 16, bytes);
});

test('finds what grew', () => {
  const { stdout } = run('growth.js', 'before.heapsnapshot', 'after.heapsnapshot');
  assert.match(stdout, /^1\. 3,000 more Order in orders \(Map\) of module .*orders\.cjs/m);
  assert.match(stdout, /orders\.cjs:2:\d+$/m);
});
