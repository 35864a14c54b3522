/** Every command line in the documents has a verb and options that exist, and those that need only files run. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { everyVerb } from '../../../packages/afterimage/dist/commands/verbs.js';
import { nodeOf } from '../nodes.js';
import { runProgram } from '../snapshot/planted-snapshots.js';
import { temporaryDirectory } from '../temporary-directory.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

interface Documented {
  document: string;
  /** Without its comment. */
  line: string;
  isFenced: boolean;
}

function documents(): string[] {
  const inFolder = (folder: string): string[] =>
    readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      if (entry.isDirectory()) return folder === 'docs' ? [] : [path.join(folder, entry.name, 'README.md')];
      return entry.name.endsWith('.md') ? [path.join(folder, entry.name)] : [];
    });
  return ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...inFolder('docs'), ...inFolder('packages')];
}

/** Lines of code blocks, and code within sentences, that begin with one of `programs`. */
function documented(programs: RegExp): Documented[] {
  return documents().flatMap((document) => {
    const text = readFileSync(path.join(root, document), 'utf8');
    const lines = (found: IterableIterator<RegExpMatchArray>, isFenced: boolean): Documented[] =>
      [...found]
        .flatMap(([, code = '']) => code.replaceAll(/\\\n\s*/g, ' ').split('\n'))
        .map((line) => line.replace(/^\s*\$ /, '').replace(/\s+#\s.*$/, ''))
        .filter((line) => programs.test(line))
        .map((line) => ({ document, line, isFenced }));
    return [
      ...lines(text.matchAll(/^```\w*\n([^]*?)^```$/gm), true),
      ...lines(text.replaceAll(/^```\w*\n[^]*?^```$/gm, '').matchAll(/`([^`]+)`/g), false),
    ];
  });
}

/** The first program of a pipe, word by word, without what the shell takes. */
function wordsOf(line: string): string[] {
  const [program = ''] = line.split(/ [|>&] ?|;/);
  return program
    .replace(/^kubectl afterimage|^npx @afterimage\/cli/, 'afterimage')
    .split(/\s+/)
    .slice(1);
}

function assertKnown(verbs: readonly Command[], { document, line }: Documented): void {
  const [name = '', ...words] = wordsOf(line);
  if (!/^[a-z]+$/.test(name)) return;
  const verb = verbs.find((command) => command.name() === name);
  assert.ok(verb, `${document}: ${line}: there is no verb ${name}`);
  const options = verb.options.flatMap(({ long, short }) => [long, short]);
  const known = new Set([...options, '--help', '--debug']);
  for (const word of words) {
    const [, option] = /^(--?[a-z][\w-]*)/.exec(word) ?? [];
    if (option !== undefined) assert.ok(known.has(option), `${document}: ${line}: ${name} has no ${option}`);
  }
}

test('the documents name only verbs and options that exist', async () => {
  const verbs = await everyVerb();
  const found = documented(/^(afterimage|kubectl afterimage|npx @afterimage\/cli) /);
  assert.ok(found.length > 40, `${found.length} lines`);
  for (const each of found) assertKnown(verbs, each);
});

test('the documents name only scripts that exist', () => {
  const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  for (const { document, line } of documented(/^npm (run|test)\b/)) {
    const [, script = 'test'] = /^npm run (?:--silent )?([\w:]+)/.exec(line) ?? [];
    assert.ok(script in scripts, `${document}: ${line}: there is no script ${script}`);
  }
});

test('the documented commands that need only files run', { timeout: 300_000 }, async (t) => {
  const directory = await temporaryDirectory(t);
  for (const folder of [
    'bin',
    '.local/share/bash-completion/completions',
    '.zfunc',
    '.config/fish/completions',
  ])
    mkdirSync(path.join(directory, folder), { recursive: true });
  symlinkSync(
    path.join(root, 'packages/afterimage/bin/afterimage.js'),
    path.join(directory, 'bin/afterimage'),
  );
  const grow = (files: string[]): string =>
    `class Order { constructor(i) { this.note = 'note ' + i; } }
     const orders = (module.exports.orders = new Map());
     for (const file of ${JSON.stringify(files)}) {
       for (let i = 0; i < 3000; i++) orders.set(orders.size, new Order(orders.size));
       snapshot(file + '.heapsnapshot');
     }`;
  runProgram(nodeOf(24), directory, 'orders', grow(['before', 'after', 'raw', '1', '2', '3']));
  writeFileSync(path.join(directory, 'LATER'), readFileSync(path.join(directory, '3.heapsnapshot')));
  const env = {
    ...process.env,
    HOME: directory,
    PATH: `${path.join(directory, 'bin')}:${process.env['PATH']}`,
  };
  const lines = documented(/^afterimage (diff|redact|verify|completion) /)
    .filter(({ line, isFenced }) => isFenced && !/…|FILE|\| jq|\.image/.test(line))
    .map(({ line }) => line);
  assert.ok(lines.length >= 6, lines.join('\n'));
  for (const line of lines) {
    const { status, stderr } = spawnSync('bash', ['-c', line], { cwd: directory, env, encoding: 'utf8' });
    assert.equal(status, 0, `${line}: ${stderr}`);
  }
});
