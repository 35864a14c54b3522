/** The command's own information: help, exit codes, and the stack of an error only on request. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exitCodes } from '../../../packages/afterimage/dist/cli/command-error.js';
import { runCommand } from '../command.js';

const repository = fileURLToPath(new URL('../../../', import.meta.url));

test('the help contains the exit codes', async () => {
  const { code, stdout } = await runCommand(['--help']);
  assert.equal(code, 0);
  const listed = [...stdout.toString().matchAll(/^ {2}(\d) {2}\w/gm)].map(([, digit]) => Number(digit));
  assert.deepEqual(listed, Object.values(exitCodes).sort());
});

test('without a verb, prints the help and exits with a usage error', async () => {
  const { code, stdout, stderr } = await runCommand([]);
  assert.deepEqual([code, stdout.length], [2, 0]);
  assert.match(stderr, /^Usage: afterimage .*\n[^]*^ {2}capture .*\n[^]*^Exit codes:$/m);
});

test("prints an error's stack only on request", async () => {
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

const usage =
  /^Usage: afterimage (\w+) [^]*^Examples:\n((?: {2}afterimage .+\n)+)\n^Exit codes:\n {2}0 {2}done\n[^]*^Document: (docs\/\S+\.md)$/m;

async function verbs(): Promise<string[]> {
  const { stdout } = await runCommand(['--help']);
  const listed = /^Commands:\n([^]*?)\n\n/m.exec(stdout.toString())?.[1] ?? '';
  return [...listed.matchAll(/^ {2}(\w+)/gm)].map(([, verb = '']) => verb);
}

test('the help of every verb has examples, exit codes and a document', async () => {
  const named = await verbs();
  assert.ok(named.length >= 14, named.join());
  const list = readFileSync(join(repository, 'docs/command.md'), 'utf8');
  for (const verb of named) {
    const { code, stdout } = await runCommand([verb, '--help']);
    assert.equal(code, 0);
    const [, name, examples = '', document = ''] = usage.exec(stdout.toString()) ?? [];
    assert.equal(name, verb, stdout.toString());
    for (const example of examples.trim().split('\n'))
      assert.match(example, new RegExp(`^ *afterimage ${verb}\\b`));
    assert.ok(existsSync(join(repository, document)), document);
    assert.match(list, new RegExp(`^\\| \`${verb}\\b`, 'm'), `docs/command.md lists ${verb}`);
  }
});

test('docs/command.md has the same exit codes as the help', async () => {
  const list = readFileSync(join(repository, 'docs/command.md'), 'utf8');
  const { stdout } = await runCommand(['--help']);
  const codes = [...stdout.toString().matchAll(/^ {2}(\d) {2}(\w.*)$/gm)].map(([, digit, text]) => [
    digit,
    text,
  ]);
  const documented = [...list.matchAll(/^\| (\d) +\| (.*?) *\|$/gm)].map(([, digit, text]) => [digit, text]);
  assert.deepEqual(documented, codes);
});

test("a usage error names the verb's help", async () => {
  for (const verb of await verbs()) {
    const { code, stderr } = await runCommand([verb, '--no-such-option']);
    assert.equal(code, 2);
    assert.match(stderr, new RegExp(`; see afterimage ${verb} --help\n$`));
  }
  for (const [words, help] of [
    [['memory', 'x'], 'memory --help'],
    [['redact', 'x'], 'redact --help'],
    [['captre', 'x'], '--help'],
    [['--no-such-option'], '--help'],
  ] as const) {
    const { code, stderr } = await runCommand([...words]);
    assert.deepEqual([code, stderr.trim().split('; see afterimage ')[1]], [2, help], stderr);
  }
});

test('prints every report in each format, by --format and by its alias', async () => {
  const pid = String(process.pid);
  const beginnings = { json: /^\{/, markdown: /^[#|\w]/, html: /^<!doctype html>[^]*<\/html>\n$/ };
  for (const words of [['memory', pid]]) {
    for (const [format, beginning] of Object.entries(beginnings)) {
      for (const option of [['--format', format], [`--${format}`]]) {
        const { code, stdout, stderr } = await runCommand([...words, ...option]);
        assert.equal(code, 0, stderr);
        assert.match(stdout.toString(), beginning);
      }
    }
    const plain = await runCommand([...words, '--format', 'text']);
    assert.equal(plain.code, 0, plain.stderr);
    for (const two of [
      ['--format', 'json', '--json'],
      ['--json', '--html'],
      ['--markdown', '--format', 'text'],
    ]) {
      const { code, stderr } = await runCommand([...words, ...two]);
      assert.equal(code, 2);
      assert.match(stderr, new RegExp(`cannot be used with .*; see afterimage ${words[0]} --help`));
    }
  }
});
