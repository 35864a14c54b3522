/** An image with another program in it: each forbidden call ends it. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { after, before, test } from 'node:test';
import { develop, DevelopError } from '@afterimage/image/develop';
import { readImage } from '@afterimage/image/read';
import xxhash from 'xxhash-wasm';
import { altered, readBytes } from './altered-image.js';
import { playTarget } from '../targets/native-target.js';
import { nodeOf } from '../nodes.js';

const directory = mkdtempSync(join(tmpdir(), 'afterimage-hostile-'));
const image = join(directory, 'image');
after(() => rmSync(directory, { recursive: true }));
before(() => playTarget(nodeOf(24), 'sync', image));

/** Numbers of system calls of x86-64, and arguments under which they would succeed. */
const forbidden: [name: string, number: number, ...args: number[]][] = [
  ['socket', 41, 2, 1, 0],
  ['connect', 42, 1, 0, 0],
  ['sendto', 44, 1, 0, 0],
  ['clone', 56, 17, 0, 0],
  ['fork', 57],
  ['vfork', 58],
  ['clone3', 435, 0, 0],
  ['execve', 59, 0, 0, 0],
  ['execveat', 322, 0, 0, 0],
  ['open', 2, 0, 0, 0],
  ['openat2', 437, 0, 0, 0],
  ['read', 0, 0, 0, 0],
  ['ptrace', 101, 16, 1, 0],
  ['process_vm_readv', 310, 1, 0, 0],
  ['kill', 62, 1, 0],
  ['unlink', 87, 0],
  ['rename', 82, 0, 0],
  ['io_uring_setup', 425, 1, 0],
  ['bpf', 321, 0, 0, 0],
  ['mount', 165, 0, 0, 0],
  ['setuid', 105, 0],
];
const OPENAT = 257;
const EXIT = 231;
const EACCES = 13;

/** Machine code for one system call, after which it ends with the error that the call returned as its exit code. */
function codeFor(number: number, args: readonly number[]): Buffer {
  const set = (opcode: number, value: number): Buffer => {
    const code = Buffer.alloc(5);
    code[0] = opcode;
    code.writeInt32LE(value, 1);
    return code;
  };
  const [rdi = 0, rsi = 0, rdx = 0] = args;
  return Buffer.concat([
    set(0xbf, rdi), // mov edi, …
    set(0xbe, rsi), // mov esi, …
    set(0xba, rdx), // mov edx, …
    set(0xb8, number), // mov eax, …
    Buffer.from([0x0f, 0x05]), // syscall
    Buffer.from([0xf7, 0xd8]), // neg eax
    Buffer.from([0x89, 0xc7]), // mov edi, eax
    set(0xb8, EXIT),
    Buffer.from([0x0f, 0x05]),
  ]);
}

/** Where the program of the image goes on, as an offset in the file. See native/image_format.h. */
function resumeOffset(): number {
  const header = readBytes(image, 0, 64);
  const [table, entrySize, entries] = [
    Number(header.readBigUInt64LE(32)),
    header.readUInt16LE(54),
    header.readUInt16LE(56),
  ];
  const segments = Array.from({ length: entries }, (_, at) =>
    readBytes(image, table + at * entrySize, entrySize),
  );
  const notes = segments.find((segment) => segment.readUInt32LE(0) === 4);
  assert.ok(notes);
  const [offset, size] = [Number(notes.readBigUInt64LE(8)), Number(notes.readBigUInt64LE(32))];
  const resume = instructionPointer(readBytes(image, offset, size));
  for (const segment of segments) {
    const address = segment.readBigUInt64LE(16);
    const length = segment.readBigUInt64LE(32);
    if (segment.readUInt32LE(0) !== 1 || resume < address || resume >= address + length) continue;
    return Number(segment.readBigUInt64LE(8) + resume - address);
  }
  return assert.fail('no segment has the place where the image goes on');
}

function instructionPointer(notes: Buffer): bigint {
  for (let at = 0; at < notes.length;) {
    const [nameSize, size, type] = [
      notes.readUInt32LE(at),
      notes.readUInt32LE(at + 4),
      notes.readUInt32LE(at + 8),
    ];
    const description = at + 12 + ((nameSize + 3) & ~3);
    if (type === 1 /* NT_PRSTATUS */) return notes.readBigUInt64LE(description + 112 + 8 * 16);
    at = description + ((size + 3) & ~3);
  }
  return assert.fail('no registers');
}

/** The image with `code` where it goes on, and a digest that says nothing of it. */
async function* hostile(code: Buffer): AsyncGenerator<Uint8Array> {
  const { size } = statSync(image);
  const offset = resumeOffset();
  const hash = (await xxhash()).create64();
  for await (const chunk of altered(image, { offset, bytes: code, end: size - 16 })) hash.update(chunk);
  const digest = Buffer.alloc(8);
  digest.writeBigUInt64LE(hash.digest());
  yield* withDigest(altered(image, { offset, bytes: code }), size - 16, digest);
}

async function* withDigest(
  chunks: AsyncIterable<Uint8Array>,
  place: number,
  digest: Buffer,
): AsyncGenerator<Uint8Array> {
  let at = 0;
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk);
    for (let i = 0; i < digest.length; i++) {
      const here = place + i - at;
      if (here >= 0 && here < bytes.length) bytes[here] = digest[i] ?? 0;
    }
    yield bytes;
    at += bytes.length;
  }
}

async function failureOfCode(code: Buffer): Promise<DevelopError> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const error: unknown = await develop(await readImage(hostile(code)), nowhere).then(
    () => null,
    (error: unknown) => error,
  );
  assert.ok(error instanceof DevelopError, String(error));
  return error;
}

test('the unaltered image with a recomputed digest develops', async () => {
  const offset = resumeOffset();
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const { nodes } = await develop(await readImage(hostile(readBytes(image, offset, 40))), nowhere);
  assert.ok(nodes > 10_000);
});

for (const [name, number, ...args] of forbidden) {
  test(`${name} fails with a one-line error`, async () => {
    const { code, message } = await failureOfCode(codeFor(number, args));
    assert.equal(code, 'forbidden-system-call', message);
    assert.match(message, /the image tried a system call that no snapshot needs, and was killed/);
  });
}

test('openat is denied: a custom allocator may call it, and nothing is opened', async () => {
  const { message } = await failureOfCode(codeFor(OPENAT, [-100, 0, 0]));
  assert.match(message, new RegExp(`exit code ${EACCES}\\b`), message);
});
