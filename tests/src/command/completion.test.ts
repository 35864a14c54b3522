/** `afterimage completion`: the scripts know every verb and option, and bash completes with its own. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCommand } from '../command.js';
import { temporaryDirectory } from '../temporary-directory.js';

async function script(shell: string): Promise<string> {
  const { code, stdout, stderr } = await runCommand(['completion', shell]);
  assert.equal(code, 0, stderr);
  return stdout.toString();
}

const hasShell = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0;

test(
  'bash completes verbs, options, their values, and files where a file is expected',
  { skip: !hasShell('bash') },
  async (t) => {
    const directory = await temporaryDirectory(t);
    writeFileSync(join(directory, 'one heap.heapsnapshot'), '');
    mkdirSync(join(directory, 'ones'));
    const completion = await script('bash');
    const files = ['one heap.heapsnapshot', 'ones'];
    for (const [words, expected] of [
      [['re'], ['redact', 'retainers']],
      [
        ['diff', '--fo'],
        ['--force', '--format'],
      ],
      [
        ['diff', '--format', ''],
        ['html', 'json', 'markdown', 'text'],
      ],
      [
        ['capture', '--redact', 'n'],
        ['names', 'none'],
      ],
      [['completion', 'z'], ['zsh']],
      [['analyze', 'o'], files],
      [['diff', 'a', 'b', 'c', 'o'], files],
      [['diff', '-o', 'o'], files],
      [['retainers', '--top', '3', '--json', 'o'], files],
      [['path', 'a', 'o'], []],
      [['memory', 'o'], []],
      [['diff', '--top', 'o'], []],
      [['verify', '--identity', 'k', 'o'], files],
    ] as const) {
      const line = ['afterimage', ...words].map((word) => `'${word}'`).join(' ');
      const program = `${completion}\nCOMP_WORDS=(${line})\nCOMP_CWORD=${words.length}\n_afterimage\nprintf '%s\\n' "\${COMPREPLY[@]}"`;
      const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', program], {
        cwd: directory,
        encoding: 'utf8',
      });
      assert.equal(stderr, '');
      assert.deepEqual(
        stdout
          .trim()
          .split('\n')
          .filter((each) => each !== '')
          .sort(),
        [...expected],
        words.join(' '),
      );
    }
  },
);

test('zsh and fish get a script with the same verbs and options', async () => {
  for (const [shell, option] of [
    ['zsh', "'*--format["],
    ['fish', ' -l format -x -a '],
  ] as const) {
    const text = await script(shell);
    for (const verb of ['diff', 'capture', 'path', 'completion'])
      assert.ok(text.includes(verb), `${shell}: ${verb}`);
    assert.ok(text.includes(option), text);
    if (hasShell(shell)) {
      const { status, stderr } = spawnSync(shell, ['-n'], { input: text, encoding: 'utf8' });
      assert.deepEqual([status, stderr], [0, '']);
    }
  }
  const { code, stderr } = await runCommand(['completion', 'tcsh']);
  assert.equal(code, 2);
  assert.match(stderr, /bash, zsh, fish.*; see afterimage completion --help/);
});
