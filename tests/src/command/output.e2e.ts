/**
 * Where results go: compressed by the file's extension, to a pipe, and over an existing file only on request.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { writeHeapSnapshot } from 'node:v8';
import { freePath } from '../../../packages/afterimage/dist/files/destination.js';
import { commandProgram, runCommand, type CommandEnd, type CommandOptions } from '../command.js';
import { debianFile } from '../targets/debian-program.js';
import { nodeOf } from '../nodes.js';
import { startPlainTarget } from '../targets/plain-target.js';
import { temporaryDirectory } from '../temporary-directory.js';
import { PATIENCE_MS } from '../patience.js';

const MAGIC = { gz: '1f8b', zst: '28b52ffd' };

const directory = mkdtempSync(join(tmpdir(), 'afterimage-output-'));
const raw = join(directory, 'raw.heapsnapshot');
before(() => writeHeapSnapshot(raw));
after(() => rmSync(directory, { recursive: true }));

async function succeed(args: string[], options?: CommandOptions): Promise<CommandEnd> {
  const end = await runCommand(args, options);
  assert.equal(end.code, 0, end.stderr);
  return end;
}

async function assertRefused(args: string[], line: RegExp): Promise<void> {
  const { code, stdout, stderr } = await runCommand(args);
  assert.match(stderr, /^afterimage: [^\n]+\n$/);
  assert.match(stderr, line);
  assert.deepEqual([code, stdout.length], [3, 0]);
}

/** It is compressed as its name says, whole, and what the command said of it. */
async function assertCompressed(path: string, { stderr }: CommandEnd): Promise<void> {
  const bytes = readFileSync(path);
  const ending = path.endsWith('.gz') ? 'gz' : 'zst';
  assert.ok(bytes.toString('hex', 0, 4).startsWith(MAGIC[ending]), path);
  assert.ok(stderr.includes(createHash('sha256').update(bytes).digest('hex')), stderr);
  const { stdout } = await succeed(['verify', path]);
  assert.match(stdout.toString(), /: complete and unaltered\n/);
}

describe('a result is compressed according to its name', { timeout: 300_000 }, () => {
  for (const { major, path: node } of [nodeOf(20), nodeOf(24)]) {
    it(`a redacted snapshot on Node ${major}`, async (t) => {
      for (const ending of ['gz', 'zst']) {
        const redacted = join(await temporaryDirectory(t), `redacted.heapsnapshot.${ending}`);
        await assertCompressed(redacted, await succeed(['redact', raw, redacted], { node }));
      }
    });
  }

  it('a capture, an image, and the snapshot developed from it', async (t) => {
    const cwd = await temporaryDirectory(t);
    const { pid } = await startPlainTarget(t);
    const output = join(cwd, `${pid}.heapsnapshot.zst`);
    const { path: node } = nodeOf(20);
    await assertCompressed(output, await succeed(['capture', String(pid), '-o', output], { node }));
    const image = join(cwd, `raw.image.gz`);
    await succeed(['capture', String(pid), '--image', image, '--store-plain-image'], {
      node: nodeOf(24).path,
    });
    assert.equal(readFileSync(image).toString('hex', 0, 2), MAGIC.gz);
    const developed = join(cwd, `developed.heapsnapshot.gz`);
    await assertCompressed(developed, await succeed(['develop', image, '-o', developed]));
  });

  it('even if it is encrypted', async (t) => {
    const cwd = await temporaryDirectory(t);
    const identity = join(cwd, 'key.txt');
    execFileSync(debianFile('age', '/usr/bin/age-keygen'), ['-o', identity], { stdio: 'ignore' });
    const [, recipient = ''] = /public key: (age1\w+)/.exec(readFileSync(identity, 'utf8')) ?? [];
    const [plain, sealed] = [join(cwd, 'x.heapsnapshot.age'), join(cwd, 'x.heapsnapshot.zst.age')];
    for (const path of [plain, sealed]) await succeed(['redact', raw, path, '--recipient', recipient]);
    assert.ok(readFileSync(sealed).length * 4 < readFileSync(plain).length);
    await succeed(['verify', sealed, '--identity', identity]);
  });
});

describe('a result in a pipe', { timeout: PATIENCE_MS }, () => {
  it('is alone there: messages go to standard error', async (t) => {
    const { pid } = await startPlainTarget(t);
    const { stdout, stderr } = await succeed(['capture', String(pid), '-o', '-']);
    assert.match(stderr, /^afterimage: wrote the snapshot \([\d.]+ MB, [\d,]+ nodes; redacted: strings\), /);
    const { stdout: verified } = await succeed(['verify', '-'], { input: stdout });
    assert.match(verified.toString(), /: complete and unaltered\n/);
    const image = await succeed(['capture', String(pid), '--image', '-', '--store-plain-image']);
    const { stdout: found } = await succeed(['verify', '-'], { input: image.stdout });
    assert.match(found.toString(), /: complete and unaltered\n {2}image of /);
  });

  it('is never written to a terminal', async (t) => {
    const { pid } = await startPlainTarget(t);
    for (const verb of [`capture ${pid} -o -`, `develop ${raw} -o -`, `redact ${raw} -`]) {
      const command = `'${process.execPath}' '${commandProgram}' ${verb}`;
      const { stdout, status, error } = spawnSync('script', ['-qec', command, '/dev/null'], {
        encoding: 'utf8',
        timeout: PATIENCE_MS,
      });
      if (error) {
        t.skip('there is no script(1) to make a terminal');
        return;
      }
      assert.match(
        stdout,
        /^afterimage: standard output is a terminal: name a file, or pipe it on; see afterimage [a-z]+ --help\r\n$/,
      );
      assert.equal(status, 2);
    }
  });

  it('is never mixed with JSON output', async (t) => {
    const { pid } = await startPlainTarget(t);
    const { code, stderr } = await runCommand(['capture', String(pid), '-o', '-', '--json']);
    assert.match(stderr, /--json and - both want standard output/);
    assert.equal(code, 2);
  });
});

describe('an existing file', { timeout: 300_000 }, () => {
  it('is overwritten only with --force', async (t) => {
    const cwd = await temporaryDirectory(t);
    const there = join(cwd, 'there.heapsnapshot');
    const target = await startPlainTarget(t);
    const image = join(cwd, 'x.image.zst');
    writeFileSync(image, '');
    const ways = [
      ['capture', String(target.pid), '-o', there],
      ['capture', String(target.pid), '--image', there, '--store-plain-image'],
      ['develop', image, '-o', there],
      ['redact', raw, there],
      ['redact', raw, '-o', there],
      ['analyze', raw, '-o', there],
      ['diff', raw, raw, '--json', '-o', there],
    ];
    for (const way of ways) {
      writeFileSync(there, 'earlier');
      const warning = way.includes('--store-plain-image') ? 'afterimage: warning: .*\n' : '';
      const { code, stdout, stderr } = await runCommand(way);
      assert.match(
        stderr,
        new RegExp(
          `^${warning}afterimage: \\S+there\\.heapsnapshot exists: .*--force; nothing was written\n$`,
        ),
      );
      assert.deepEqual([code, stdout.length], [3, 0], stderr);
      assert.equal(readFileSync(there, 'utf8'), 'earlier');
      assert.equal(target.stderr(), '', 'something was sent to the process');
    }
    for (const way of [ways[0], ways[3], ways[6]]) {
      writeFileSync(there, 'earlier');
      await succeed([...(way ?? []), '--force']);
      assert.ok(readFileSync(there).length > 100, way?.join(' '));
    }
  });

  it("stays if a template expands to its name, and the capture's name gets a number", async (t) => {
    const cwd = await temporaryDirectory(t);
    const { pid } = await startPlainTarget(t);
    const output = join(cwd, '{pid}.heapsnapshot.gz');
    await succeed(['capture', String(pid), '-o', output]);
    await succeed(['capture', String(pid), '-o', output]);
    assert.deepEqual(readdirSync(cwd).sort(), [`${pid}-2.heapsnapshot.gz`, `${pid}.heapsnapshot.gz`]);
    for (const taken of ['x.zst', 'x.image.zst.age', 'x', '.x']) writeFileSync(join(cwd, taken), '');
    const free = async (name: string): Promise<string> =>
      (await freePath(join(cwd, name), false)).slice(cwd.length + 1);
    assert.equal(await free('x.zst'), 'x-2.zst');
    assert.equal(await free('x.image.zst.age'), 'x-2.image.zst.age');
    assert.equal(await free('x'), 'x-2');
    assert.equal(await free('.x'), '.x-2');
    assert.equal(await free('y.gz'), 'y.gz');
  });

  it('is never overwritten if it is an input, not even with --force', async () => {
    for (const args of [
      ['redact', raw, raw, '--force'],
      ['analyze', raw, '-o', raw, '--force'],
    ]) {
      const { code, stderr } = await runCommand(args);
      assert.match(stderr, /is the snapshot itself/);
      assert.equal(code, 2);
    }
    assert.ok(existsSync(raw));
    await assertRefused(['analyze', raw, '-o', commandProgram], /afterimage\.js exists: choose another name/);
  });
});
