/**
 * The native part for arm64: cross-built, and run by qemu's user-mode emulation. The emulator has neither
 * seccomp nor its own /proc/self/mem; the workarounds are explained where they are used. Not covered: pages
 * of 16 or 64 kB, the kernel's vdso, and non-coherent caches.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  createReadStream,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Writable } from 'node:stream';
import { develop } from '@afterimage/image/develop';
import { readImage } from '@afterimage/image/read';
import { altered } from './altered-image.js';
import { debianFile } from '../targets/debian-program.js';
import { assertNeedsNoLibrary, assertStandsAlone, takenFromNode } from './native-symbols.js';
import { nodeForArm64 } from './node-for-arm64.js';
import { abis } from '../nodes.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const prebuilds = path.join(root, 'packages/image/prebuilds/linux-arm64');
const EM_AARCH64 = 183;
const darkroom = path.join(prebuilds, 'darkroom');
const directory = mkdtempSync(path.join(tmpdir(), 'afterimage-arm64-'));
const image = path.join(directory, 'target.image');
after(() => rmSync(directory, { recursive: true }));

/** All of the emulated process lies below 4 TB, so that another one has the same addresses free. */
const emulator = ['/usr/bin/qemu-aarch64', '-R', '0x40000000000', '-L', '/usr/aarch64-linux-gnu'];

interface Played {
  failure: unknown;
  fork: { workers: number };
  end: unknown;
}

function capture(into: string, ...emulation: string[]): Played {
  const [command = '', ...args] = emulation;
  const target = fileURLToPath(new URL('../fixtures/native-target.js', import.meta.url));
  const run = spawnSync(command, [...args, nodeForArm64(), target, 'sync', into], {
    encoding: 'utf8',
    timeout: 240_000,
  });
  assert.equal(run.status, 0, run.stderr);
  return JSON.parse(run.stdout) as Played;
}

/** A program that develop() can start. */
function emulated(program: string, ...options: string[]): string {
  const script = path.join(directory, `darkroom-${options.join('-')}${path.basename(program)}`);
  writeFileSync(script, `#!/bin/sh\nexec ${[...emulator, ...options, program].join(' ')} "$@"\n`, {
    mode: 0o755,
  });
  return script;
}

async function developed(
  program: string,
  chunks: AsyncIterable<Uint8Array> = createReadStream(image),
): Promise<void> {
  const sink = new Writable({ write: (_chunk, _encoding, callback) => callback() });
  await develop(await readImage(chunks), sink, { program, stallMs: 120_000 });
}

/** The darkroom with `sandbox_enter` made to return at once: the emulator gives no seccomp. */
function withoutSandbox(): string {
  const symbols = execFileSync('readelf', ['-sW', darkroom], { encoding: 'utf8' });
  const address = parseInt(/: ([0-9a-f]+) .* sandbox_enter$/m.exec(symbols)?.[1] ?? '', 16);
  const program = readFileSync(darkroom);
  // The code lies in the file as in memory: separate, aligned segments.
  program.writeUInt32LE(0xd65f03c0, address); // ret
  const file = path.join(directory, 'without-sandbox');
  writeFileSync(file, program, { mode: 0o755 });
  return file;
}

before(
  () => {
    debianFile('g++-aarch64-linux-gnu', '/usr/bin/aarch64-linux-gnu-g++');
    debianFile('qemu-user', '/usr/bin/qemu-aarch64');
    debianFile('musl-tools', '/usr/bin/musl-gcc');
    execFileSync(process.execPath, [path.join(root, 'scripts/prebuild.mjs'), '--arch', 'arm64'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const preload = path.join(directory, 'emulated-memory.so');
    const source = fileURLToPath(new URL('../../src/fixtures/emulated-memory.c', import.meta.url));
    execFileSync('aarch64-linux-gnu-gcc', [
      '-O1',
      '-Wall',
      '-Werror',
      '-shared',
      '-fPIC',
      '-o',
      preload,
      source,
    ]);
    // Without the sandbox glibc would grow its heap by another process's break: it gets all it needs before.
    const environment = `LD_PRELOAD=${preload},GLIBC_TUNABLES=glibc.malloc.arena_max=1:glibc.malloc.top_pad=${128 << 20}`;
    const { failure, end } = capture(image, ...emulator, '-E', environment);
    assert.deepEqual({ failure, end }, { failure: null, end: { exitCode: 0, signal: null } });
  },
  { timeout: 1_000_000 },
);

test('all parts for arm64 exist, and need nothing but what every C library and Node provide', () => {
  for (const [major, abi] of abis) {
    const addon = path.join(prebuilds, `abi-${abi}.node`);
    assert.equal(readFileSync(addon).readUInt16LE(18), EM_AARCH64);
    assertNeedsNoLibrary(addon);
    // The names are the same on x64.
    assert.ok(takenFromNode(addon, major, '/lib/ld-musl-x86_64.so.1').length > 30);
  }
  assert.equal(readFileSync(darkroom).readUInt16LE(18), EM_AARCH64);
  assertStandsAlone(darkroom);
});

test('Node loads the addon and forks, and the child writes an image with its metadata', async () => {
  const file = path.join(directory, 'untouched.image');
  // As the emulator is: here its addresses are the target's.
  const { fork, end } = capture(file, '/usr/bin/qemu-aarch64', '-L', '/usr/aarch64-linux-gnu');
  assert.deepEqual(end, { exitCode: 0, signal: null });
  assert.ok(fork.workers > 0);
  const { header } = await readImage(createReadStream(file));
  assert.equal(header.arch, 'arm64');
  assert.ok(header.residentBytes > 30e6);
  const text = execFileSync('readelf', ['-hnW', file], { encoding: 'utf8' });
  assert.match(text, /Machine: +AArch64/);
  assert.match(text, /CORE +0x00000188\tNT_PRSTATUS/); // sizeof(struct elf_prstatus) there
  assert.match(text, /CORE +0x00000210\tNT_FPREGSET/);
  assert.match(text, /LINUX +0x00000008\tNT_ARM_TLS/);
});

test('an image develops without a system call that the sandbox forbids', { timeout: 600_000 }, () => {
  const [command = '', ...options] = emulator;
  const snapshot = path.join(directory, 'target.heapsnapshot');
  const trace = path.join(directory, 'trace');
  const stdio = [openSync(image, 'r'), openSync(snapshot, 'w'), openSync(trace, 'w')];
  const { status } = spawnSync(command, [...options, '-strace', withoutSandbox()], {
    stdio,
    timeout: 480_000,
  });
  stdio.forEach(closeSync);
  assert.equal(status, 0);

  const { strings } = JSON.parse(readFileSync(snapshot, 'utf8')) as { strings: string[] };
  assert.ok(strings.includes('ballast 9999'));

  const [, restored = ''] = readFileSync(trace, 'latin1').split('afterimage restored\n');
  const called = new Set(Array.from(restored.matchAll(/^\d+ (\w+)\(/gm), ([, name = '']) => name));
  const source = readFileSync(path.join(root, 'packages/image/native/darkroom/sandbox.c'), 'latin1');
  const [, list = ''] = /allowed\[\] = \{([^}]*)\}/.exec(source) ?? [];
  const allowed = Array.from(list.matchAll(/__NR_(\w+)/g), ([, name = '']) => name);
  assert.deepEqual(
    [...called].filter((name) => !allowed.includes(name)),
    [],
  );
  for (const name of ['mmap', 'write', 'exit_group', 'rt_sigreturn']) assert.ok(called.has(name), name);
});

test('an image never runs without a sandbox', async () => {
  await assert.rejects(developed(emulated(darkroom)), { code: 'sandbox-unavailable' });
});

test('an x64 image is rejected', async () => {
  const ofX64 = altered(image, { offset: 18, bytes: Uint8Array.of(62, 0) });
  await assert.rejects(developed(emulated(darkroom), ofX64), {
    code: 'wrong-architecture',
    message: /ELF machine 0x000000000000003e/,
  });
});

test('the error names the features that a CPU lacks', async () => {
  await assert.rejects(developed(emulated(darkroom, '-cpu', 'cortex-a53')), {
    code: 'missing-cpu-features',
    message: /lacks atomics .*asimddp/,
  });
});
