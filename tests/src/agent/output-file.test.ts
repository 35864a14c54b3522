import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  checkDisk,
  checkOutput,
  openTemporary,
  outputError,
  publish,
} from '../../../packages/host/dist/output-file.js';
import { filesIn, temporaryDirectory } from '../targets/agent-target.js';
import { debianProgram } from '../targets/debian-program.js';

test('a result appears under its name only when complete, with mode 0600, and replaces the earlier one', async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'a.heapsnapshot');
  writeFileSync(path, 'earlier', { mode: 0o644 });
  await checkOutput(path);
  const temporary = join(directory, 'a.partial');
  const file = await openTemporary(temporary);
  await file.write('whole');
  assert.equal(readFileSync(path, 'utf8'), 'earlier');
  await publish(file, temporary, path);
  assert.equal(readFileSync(path, 'utf8'), 'whole');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(filesIn(directory), ['a.heapsnapshot']);
});

for (const [what, code, put] of [
  ['a symbolic link', 'symbolic-link', (path: string) => symlinkSync('/etc/hostname', path)],
  ['a dangling symbolic link', 'symbolic-link', (path: string) => symlinkSync('/nonexistent', path)],
  ['a directory', 'not-a-regular-file', (path: string) => mkdirSync(path)],
  [
    'a file with a second name',
    'hard-links',
    (path: string) => {
      writeFileSync(path, 'x');
      linkSync(path, `${path}.other`);
    },
  ],
] as const) {
  test(`${what} in the way is refused and left alone, at the check and just before the rename`, async (t) => {
    const directory = temporaryDirectory(t);
    const path = join(directory, 'a.heapsnapshot');
    const temporary = join(directory, 'a.partial');
    const file = await openTemporary(temporary);
    put(path);
    const before = lstatSync(path);
    await assert.rejects(checkOutput(path), { name: 'OutputError', code });
    await assert.rejects(publish(file, temporary, path), { name: 'OutputError', code });
    assert.deepEqual([lstatSync(path).ino, lstatSync(path).mode], [before.ino, before.mode]);
  });
}

test(
  "another user's file in the way is refused",
  { skip: process.getuid?.() !== 0 && 'needs root' },
  async (t) => {
    const path = join(temporaryDirectory(t), 'a.heapsnapshot');
    writeFileSync(path, 'x');
    chownSync(path, 65534, 65534);
    await assert.rejects(checkOutput(path), { code: 'other-owner', message: /uid 65534, this process is 0/ });
  },
);

test('the error names a missing or invalid directory', async (t) => {
  const directory = temporaryDirectory(t);
  await assert.rejects(checkOutput(join(directory, 'no', 'a.heapsnapshot')), {
    code: 'directory-missing',
    message: `${join(directory, 'no')} does not exist; make it or choose another path`,
  });
  writeFileSync(join(directory, 'file'), '');
  await assert.rejects(checkOutput(join(directory, 'file', 'a')), { code: 'directory-missing' });
});

test('the temporary file is never an existing one, and never behind a link', async (t) => {
  const directory = temporaryDirectory(t);
  const temporary = join(directory, 'a.partial');
  symlinkSync(join(directory, 'elsewhere'), temporary);
  await assert.rejects(openTemporary(temporary), { name: 'OutputError', code: 'write-failed' });
  assert.deepEqual(filesIn(directory), ['a.partial']);
});

test('a temporary file that was swapped is not published', async (t) => {
  const directory = temporaryDirectory(t);
  const temporary = join(directory, 'a.partial');
  const file = await openTemporary(temporary);
  rmSync(temporary);
  writeFileSync(temporary, 'not ours');
  await assert.rejects(publish(file, temporary, join(directory, 'a')), /was replaced/);
});

test('too small a disk is refused with the figures', async (t) => {
  const path = join(temporaryDirectory(t), 'a.heapsnapshot');
  await checkDisk(path, 1000);
  await assert.rejects(checkDisk(path, 1e18), {
    code: 'disk-full',
    message: /has [\d.]+ [kMG]B free, about 1000000000 GB are needed/,
  });
});

test('system errors become errors that say what they mean here', () => {
  const code = (of: string): string => outputError(Object.assign(new Error('x'), { code: of }), '/d/f').code;
  assert.deepEqual(['ENOSPC', 'EDQUOT', 'EROFS', 'ENOENT', 'EIO'].map(code), [
    'disk-full',
    'disk-full',
    'directory-unwritable',
    'directory-missing',
    'write-failed',
  ]);
});

test('a result is on disk before it gets its name, and has its name before it is reported', (t) => {
  const directory = temporaryDirectory(t);
  const module = new URL('../../../packages/host/dist/output-file.js', import.meta.url).href;
  const program = `
    import { openTemporary, publish } from ${JSON.stringify(module)};
    const file = await openTemporary('b.partial');
    await file.write('whole');
    await publish(file, 'b.partial', 'b');`;
  const log = join(directory, 'log');
  const strace = debianProgram('strace');
  const node = [process.execPath, '--input-type=module', '--eval', program];
  execFileSync(strace, ['-f', '-qq', '-y', '-e', 'trace=fsync,rename', '-o', log, ...node], {
    cwd: directory,
  });
  const calls = readFileSync(log, 'utf8')
    .split('\n')
    .map((line) => /^\d+ +(fsync|rename)\(/.exec(line)?.[1])
    .filter((call) => call !== undefined);
  assert.deepEqual(calls, ['fsync', 'rename', 'fsync'], readFileSync(log, 'utf8'));
  assert.deepEqual(filesIn(directory).sort(), ['b', 'log']);
});
