/** `afterimage develop`: from a stored image, however compressed, to a snapshot; and all error cases. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import {
  chmod,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { after, before, describe, it, type TestContext } from 'node:test';
import { createGunzip } from 'node:zlib';
import { assertShowsWhatWasPlanted } from './capture-series.js';
import { type CommandEnd, endOf, runCommand, startCommand } from '../command.js';
import { eventually } from '../eventually.js';
import { nodeOf } from '../nodes.js';
import { childrenOf } from '../process-census.js';
import { storeImage } from '../image/stored-image.js';
import { PATIENCE_MS } from '../patience.js';

const HEAD_BYTES = 8 << 20;

let directory: string;
let zstdImage: string;
let gzipImage: string;
let rawImage: string;
let head: Buffer; // of the raw image

before(
  async () => {
    directory = await mkdtemp(join(tmpdir(), 'afterimage-command-'));
    zstdImage = await storeImage(nodeOf(24), directory);
    gzipImage = await storeImage(nodeOf(20), directory);
    rawImage = gzipImage.replace('.gz', '');
    await pipeline(createReadStream(gzipImage), createGunzip(), createWriteStream(rawImage));
    head = await firstBytes(rawImage, HEAD_BYTES);
  },
  { timeout: PATIENCE_MS },
);
after(() => rm(directory, { recursive: true, force: true }));

async function firstBytes(path: string, length: number): Promise<Buffer> {
  const file = await open(path, 'r');
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
  await file.close();
  return buffer.subarray(0, bytesRead);
}

/** An empty directory of the test's own, for what the command writes. */
function outputDirectory(): Promise<string> {
  return mkdtemp(join(directory, 'output-'));
}

/** It ended with this code and one line that matches, wrote no data, and no trace of a stack. */
function assertFailed({ code, stdout, stderr }: CommandEnd, expectedCode: number, line: RegExp): void {
  assert.match(stderr, /^afterimage: [^\n]+\n$/);
  assert.match(stderr, line);
  assert.equal(code, expectedCode, stderr);
  assert.equal(stdout.length, 0);
}

describe('afterimage develop', { timeout: 300_000 }, () => {
  const ways = [
    [20, 'auto'],
    [24, 'auto'],
    [20, 'v8'],
  ] as const;
  for (const [major, by] of ways) {
    it(`reads zstd on Node ${major} by ${by}, even if the file's name is wrong`, async () => {
      const output = join(await outputDirectory(), 'developed.heapsnapshot');
      const misleading = join(await outputDirectory(), 'image.txt');
      await symlink(zstdImage, misleading);

      const { code, stdout, stderr } = await runCommand(
        ['develop', misleading, '-o', output, '--redact', 'none', '--by', by],
        { node: nodeOf(major).path },
      );

      assert.match(
        stderr,
        /^afterimage: wrote .*developed\.heapsnapshot \([\d.]+ MB, [\d,]+ nodes, [\d,]+ edges; redacted: none\) in [\d.]+ m?s, sha256 [0-9a-f]{64}\n(afterimage: the image also has the heaps of 2 worker threads: --isolate 1, 2\n)?$/,
      );
      assert.deepEqual([code, stdout.length], [0, 0]);
      assert.equal((await stat(output)).mode & 0o777, 0o600);
      await assertShowsWhatWasPlanted(output);
    });
  }

  it('replaces an earlier result with --force; standard input and output give the same bytes', async () => {
    // Redacted, it would have other hashes in it each time.
    const plain = ['--redact', 'none'];
    const output = join(await outputDirectory(), 'developed.heapsnapshot');
    await writeFile(output, 'earlier');
    const forced = await runCommand(['develop', zstdImage, '-o', output, '--force', ...plain]);
    assert.equal(forced.code, 0, forced.stderr);
    await assertShowsWhatWasPlanted(output);

    const { code, stdout } = await runCommand(['develop', '-', '-o', '-', ...plain], {
      input: await readFile(zstdImage),
    });

    assert.equal(code, 0);
    assert.ok(stdout.equals(await readFile(output)));
  });

  it('reports as one JSON document', async () => {
    const output = join(await outputDirectory(), 'developed.heapsnapshot');
    const { stdout, stderr } = await runCommand(['develop', gzipImage, '-o', output, '--json']);
    const report = JSON.parse(stdout.toString()) as Record<string, unknown> & {
      image: Record<string, unknown>;
    };
    assert.equal(stderr, '');
    assert.equal(report.path, output);
    assert.equal(report.bytes, (await stat(output)).size);
    assert.equal(report.image.nodeVersion, nodeOf(20).version);
    const { snapshot } = JSON.parse(await readFile(output, 'utf8')) as { snapshot: Record<string, unknown> };
    assert.deepEqual([report.nodes, report.edges], [snapshot.node_count, snapshot.edge_count]);
  });
});

describe('the command line', () => {
  it('prints its version and its help to standard output', async () => {
    const version = await runCommand(['--version']);
    assert.match(version.stdout.toString(), /^\d+\.\d+\.\d+\n$/);
    const help = await runCommand(['--help']);
    assert.match(help.stdout.toString(), /develop \[options\] <image> +turn an image/);
    const verbHelp = await runCommand(['develop', '--help']);
    assert.match(verbHelp.stdout.toString(), /--output <file>/);
    for (const { code, stderr } of [version, help, verbHelp]) assert.deepEqual([code, stderr], [0, '']);
  });

  const wrong: [name: string, args: string[], line: RegExp][] = [
    ['an unknown verb', ['develp'], /unknown command 'develp' \(Did you mean develop\?\)/],
    ['no image', ['develop', '-o', 'x'], /missing required argument 'image'/],
    ['no output', ['develop', 'x'], /required option '-o, --output <file>' not specified/],
    ['an output without its name', ['develop', 'x', '-o'], /argument missing/],
    ['two images', ['develop', 'x', 'y', '-o', 'z'], /too many arguments/],
    ['an unknown option', ['develop', 'x', '-o', 'y', '--fast'], /unknown option '--fast'/],
    ['two wishes for standard output', ['develop', 'x', '-o', '-', '--json'], /both want standard output/],
  ];
  for (const [name, args, line] of wrong) {
    it(`${name} is a usage error`, async () => assertFailed(await runCommand(args), 2, line));
  }

  it('does not write the snapshot over its image', async () => {
    const same = `${directory}/./${basename(zstdImage)}`;
    assertFailed(await runCommand(['develop', zstdImage, '-o', same]), 2, /is the image itself/);
  });
});

describe('develop rejects files that are not images', () => {
  const notImages: [name: string, input: () => Uint8Array, line: RegExp][] = [
    ['nothing', () => Buffer.alloc(0), /standard input: .* the image is empty/],
    ['text', () => Buffer.from('hello world\n'.repeat(1000)), /standard input: this is not an image/],
    ['four bytes', () => head.subarray(0, 4), /the image ends at byte 4, within its header/],
    ['another ELF file', () => withByte(head, 16, 2), /not an image written by Afterimage/],
    ['an image of arm64', () => withByte(head, 18, 183), /the image was taken on arm64/],
    ['compressed nonsense', () => Buffer.from([0x1f, 0x8b, 9, 9, 9, 9, 9]), /the gzip data is corrupt/],
    [
      'zstd nonsense',
      () => Buffer.from([0x28, 0xb5, 0x2f, 0xfd, ...Buffer.alloc(99, 0xff)]),
      /the zstd data is/,
    ],
  ];
  for (const [name, input, line] of notImages) {
    it(name, async () => {
      const output = await outputDirectory();
      const end = await runCommand(['develop', '-', '-o', join(output, 'x')], { input: input() });
      assertFailed(end, 1, line);
      assert.deepEqual(await readdir(output), []);
    });
  }

  for (const major of [20, 24] as const) {
    it(`a truncated one, compressed or not, on Node ${major}`, async () => {
      const { path: node } = nodeOf(major);
      const output = await outputDirectory();
      for (const image of [zstdImage, gzipImage, rawImage]) {
        const input = await firstBytes(image, HEAD_BYTES);
        const end = await runCommand(['develop', '-', '-o', join(output, 'x')], { input, node });
        assertFailed(
          end,
          1,
          /: the .* (is truncated|ends at byte 8388608( of \d+)?): copy it again, or capture again$/m,
        );
      }
      assert.deepEqual(await readdir(output), []);
    });
  }
});

function withByte(bytes: Buffer, at: number, value: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = value;
  return changed;
}

describe('files in the way', () => {
  it('an image that does not exist, is a directory, or is unreadable', async (t) => {
    const develop = (image: string, prefix: string[] = []): Promise<CommandEnd> =>
      runCommand(['develop', image, '-o', join(directory, 'x')], { prefix });
    assertFailed(await develop('/no/such/image'), 1, /\/no\/such\/image does not exist/);
    assertFailed(await develop(directory), 1, /is a directory/);

    const secret = join(directory, 'secret.image');
    await writeFile(secret, 'secret', { mode: 0o000 });
    const prefix = withoutPrivileges(t);
    if (prefix) assertFailed(await develop(secret, prefix), 1, /secret\.image is not readable by this user/);
  });

  it('an output that is not possible', async (t) => {
    const develop = (output: string, prefix: string[] = []): Promise<CommandEnd> =>
      runCommand(['develop', zstdImage, '-o', output], { prefix });
    const parent = await outputDirectory();
    const link = join(parent, 'link');
    await symlink('/etc/passwd', link);
    assertFailed(await develop(join(parent, 'no/such/file')), 1, /does not exist; make it/);
    assertFailed(await develop(parent), 1, /is a directory/);
    assertFailed(await develop(link), 1, /is a symbolic link; remove it/);
    assert.deepEqual(await readdir(parent), ['link']);

    const closed = join(parent, 'closed');
    await mkdir(closed);
    await chmod(closed, 0o500);
    const prefix = withoutPrivileges(t);
    if (prefix) assertFailed(await develop(join(closed, 'x'), prefix), 1, /cannot be written to/);
  });
});

/** What makes a superuser subject to file modes like anybody; null, with a note, where there is no such thing. */
function withoutPrivileges(t: TestContext): string[] | null {
  if (process.geteuid?.() !== 0) return [];
  const flags = ['--bounding-set=-all', '--inh-caps=-all'];
  if (spawnSync('setpriv', [...flags, 'true']).status === 0) return ['setpriv', ...flags];
  t.diagnostic('file modes were not tested: there is no setpriv');
  return null;
}

describe('develop', () => {
  /** The image's head, telling of a heap of a petabyte. Blanks keep the length. */
  const hugeHead = (): Buffer => {
    const text = head.toString('latin1');
    const changed = text.replace(/"heap":\{"used":(\d+)/, (_, digits: string) => {
      return `"heap":{"used":${'9e15'.padEnd(digits.length)}`;
    });
    assert.notEqual(changed, text);
    return Buffer.from(changed, 'latin1');
  };

  it('refuses with the figures if memory is too small, and continues with --force', async () => {
    const output = join(await outputDirectory(), 'x');
    const refused = await runCommand(['develop', '-', '-o', output], { input: hugeHead() });
    assertFailed(refused, 3, /takes up to \d+ GB of memory, [\d.]+ GB available .* try with --force$/m);
    const forced = await runCommand(['develop', '-', '-o', output, '--force'], { input: hugeHead() });
    assertFailed(forced, 1, /the image ends at byte 8388608/);
  });

  it('refuses if the disk is too small, and leaves nothing on one that fills up', async (t) => {
    const small = await smallDisk(t);
    if (small === null) return;
    const refused = await runCommand(['develop', zstdImage, '-o', join(small, 'x')]);
    assertFailed(refused, 3, /not enough disk: .* has [\d.]+ MB free, about [\d.]+ MB are needed/);
    const forced = await runCommand(['develop', zstdImage, '-o', join(small, 'x'), '--force']);
    assertFailed(forced, 1, /the disk is full/);
    assert.deepEqual(await readdir(small), []);
  });
});

/** A file system of 2 MB; null, with the test skipped, where this user may not mount one. */
async function smallDisk(t: TestContext): Promise<string | null> {
  const mounted = await outputDirectory();
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', mounted]);
  if (status !== 0) {
    t.skip('cannot mount a small tmpfs here');
    return null;
  }
  t.after(() => void spawnSync('umount', ['--lazy', mounted]));
  return mounted;
}

describe('develop is interrupted', { timeout: PATIENCE_MS }, () => {
  it('a reader that closes the pipe ends it silently', async () => {
    const child = startCommand(['develop', zstdImage, '-o', '-']);
    child.stdout?.once('data', () => child.stdout?.destroy());
    child.stdout?.on('error', () => undefined);
    const [code] = (await once(child, 'exit')) as [number];
    assert.equal(code, 1);
    assert.equal(child.stderr?.read(), null);
  });

  it('SIGINT ends the reader, whose image does not go on', async () => {
    const output = await outputDirectory();
    const child = startCommand(['develop', '-', '-o', join(output, 'x')]);
    const ended = endOf(child);
    child.stdin?.on('error', () => undefined);
    // Written when the command has read all but what a pipe holds.
    await new Promise((done) => child.stdin?.write(head, done));
    child.kill('SIGINT');
    const { signal, stderr } = await ended;
    assert.equal(stderr, 'afterimage: interrupted by SIGINT; nothing was written\n');
    assert.equal(signal, 'SIGINT');
    assert.deepEqual(await readdir(output), []);
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`${signal} leaves no file and no process of V8's own generator`, async () => {
      const output = await outputDirectory();
      const child = startCommand(['develop', '-', '--by', 'v8', '-o', join(output, 'x')]);
      const ended = endOf(child);
      child.stdin?.on('error', () => undefined);
      child.stdin?.write(head); // and no more
      const darkrooms = await eventually(() => {
        const children = Object.keys(childrenOf(child.pid ?? 0));
        assert.notEqual(children.length, 0);
        return children;
      });

      child.kill(signal);
      const { signal: endedBy, stderr } = await ended;

      assert.equal(stderr, `afterimage: interrupted by ${signal}; nothing was written\n`);
      assert.equal(endedBy, signal);
      assert.deepEqual(await readdir(output), []);
      for (const darkroom of darkrooms) await assert.rejects(stat(`/proc/${darkroom}`));
    });
  }
});
