/** Captures by image, from the signal or the call to the file, on each Node version. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pipeline } from 'node:stream/promises';
import * as zlib from 'node:zlib';
import type { AgentLine } from '../targets/agent-lines.js';
import {
  filesIn,
  isRunning,
  memoryCgroup,
  partOf,
  startTarget,
  temporaryDirectory,
  type Target,
} from '../targets/agent-target.js';
import { eventually } from '../eventually.js';
import { nodeOf, outerNodes } from '../nodes.js';
import { debianProgram } from '../targets/debian-program.js';
import { census } from '../process-census.js';
import { PATIENCE_MS } from '../patience.js';

const REGISTER = ['--import', '@afterimage/agent/register'];

async function signaled(target: Target): Promise<AgentLine> {
  target.child.kill('SIGUSR2');
  const line = await target.lines.next(['written', 'failed', 'refused'], PATIENCE_MS);
  assert.equal(line.event, 'written', JSON.stringify(line));
  return line;
}

function assertSnapshot(path: string, bytes: number | undefined): void {
  const { mode, size } = statSync(path);
  assert.deepEqual([mode & 0o777, size], [0o600, bytes]);
  const snapshot = JSON.parse(readFileSync(path, 'utf8')) as { strings: string[]; nodes: number[] };
  assert.ok(snapshot.strings.includes('PlantedThing'));
}

for (const { major, path: node } of outerNodes) {
  test(`Node ${major}: SIGUSR2 writes a complete snapshot with mode 0600, and nothing else`, async (t) => {
    const directory = temporaryDirectory(t);
    const path = join(directory, 'a.heapsnapshot');
    const env = { ALLOW_HEAP_SNAPSHOT: '1', AFTERIMAGE_PATH: path, AFTERIMAGE_DEVELOP: 'always' };
    const target = await startTarget(t, { node, flags: REGISTER, env });

    target.child.kill('SIGUSR2');
    const events: AgentLine[] = [];
    for (const event of ['received', 'started', 'captured', 'written'] as const) {
      events.push(await target.lines.next([event, 'failed', 'refused'], PATIENCE_MS));
    }
    assert.deepEqual(
      events.map(({ event }) => event),
      ['received', 'started', 'captured', 'written'],
    );
    const [, , captured, written] = events;
    assert.deepEqual([written?.kind, written?.path], ['snapshot', path]);
    assert.equal(written?.['imageBytes'], captured?.bytes);
    for (const figure of ['pauseMs', 'captureMs', 'developMs', 'totalMs', 'extraBytes'] as const) {
      assert.ok(Number(written?.[figure]) > 0, figure);
    }
    assertSnapshot(path, written?.bytes);
    assert.deepEqual(filesIn(directory), ['a.heapsnapshot']);
    assert.deepEqual(target.lines.otherOutput, []);
  });

  test(`Node ${major}: develop 'never' stores the image next to the path, and tells how to develop it`, async (t) => {
    const directory = temporaryDirectory(t);
    const options = {
      allow: true,
      path: join(directory, 'a.heapsnapshot'),
      develop: 'never',
      storePlainImage: true,
    } as const;
    const target = await startTarget(t, { node, options });
    const written = await signaled(target);
    const path = join(directory, major === 20 ? 'a.image.gz' : 'a.image.zst');
    assert.deepEqual([written.kind, written.path], ['image', path]);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(filesIn(directory), [path.slice(directory.length + 1)]);
    assert.match(String(written['msg']), new RegExp(`afterimage develop ${path} -o ${options.path}$`));
    const bytes = await uncompressedBytes(path);
    if (bytes !== null) assert.equal(bytes, written['imageBytes']);
  });
}

for (const develop of ['always', 'never'] as const) {
  test(`develop '${develop}' with a recipient: the result is encrypted, and age decrypts it`, async (t) => {
    const directory = temporaryDirectory(t);
    debianProgram('age');
    const identity = join(temporaryDirectory(t), 'identity');
    execFileSync('age-keygen', ['-o', identity], { stdio: 'ignore' });
    const recipient = execFileSync('age-keygen', ['-y', identity], { encoding: 'utf8' }).trim();
    const options = {
      allow: true,
      path: join(directory, 'a.heapsnapshot'),
      develop,
      recipients: [recipient],
    };
    const target = await startTarget(t, { options });
    const written = await signaled(target);
    const name = develop === 'always' ? 'a.heapsnapshot.age' : 'a.image.gz.age';
    assert.equal(written['encrypted'], true);
    assert.deepEqual(filesIn(directory), [name]);
    const file = readFileSync(join(directory, name));
    assert.equal(written['sha256'], createHash('sha256').update(file).digest('hex'));
    assert.ok(!file.includes('PlantedThing'));
    const clear = execFileSync('age', ['-d', '-i', identity, join(directory, name)], { maxBuffer: 1 << 30 });
    assert.ok((develop === 'always' ? clear : zlib.gunzipSync(clear)).includes('PlantedThing'));
  });
}

test('an unencrypted image is not stored: the capture is refused at once, or aborted', async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'a.heapsnapshot');
  const target = await startTarget(t, { options: { allow: true, path, develop: 'never' } });
  target.child.kill('SIGUSR2');
  const refused = await target.lines.next(['refused', 'written', 'failed'], PATIENCE_MS);
  assert.deepEqual([refused.event, refused.code], ['refused', 'unencrypted']);
  assert.match(
    String(refused['msg']),
    /name recipients .*AFTERIMAGE_RECIPIENTS.* or allow it .*STORE_PLAIN_IMAGE=1$/,
  );
  assert.deepEqual(filesIn(directory), []);
});

test('an invalid recipient fails the capture before it starts', async (t) => {
  const directory = temporaryDirectory(t);
  const options = { allow: true, path: join(directory, 'a.heapsnapshot'), recipients: ['age1notone'] };
  const target = await startTarget(t, { options });
  target.child.kill('SIGUSR2');
  const failed = await target.lines.next(['refused', 'written', 'failed'], PATIENCE_MS);
  assert.deepEqual([failed.event, failed.code], ['failed', 'unencrypted']);
  assert.match(String(failed['msg']), /a recipient is not one of age's/);
  assert.deepEqual(filesIn(directory), []);
});

/** Null if this Node.js has no zstd. */
async function uncompressedBytes(path: string): Promise<number | null> {
  const createZstd = (zlib as { createZstdDecompress?: () => zlib.Gunzip }).createZstdDecompress;
  const decompress = path.endsWith('.gz') ? zlib.createGunzip() : createZstd?.();
  if (decompress === undefined) return null;
  let bytes = 0;
  await pipeline(createReadStream(path), decompress, async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) bytes += chunk.length;
  });
  return bytes;
}

test('agent.capture() works while the gate is shut, resolves to the result, and rejects a second call meanwhile', async (t) => {
  const path = join(temporaryDirectory(t), 'a.heapsnapshot');
  const target = await startTarget(t, { options: { allow: false, path } });
  const first = target.get('/capture');
  await target.lines.next(['started'], PATIENCE_MS);
  const second = (await target.get('/capture')) as { error: { code: string } };
  assert.equal(second.error.code, 'busy');
  const result = (await first) as AgentLine;
  assert.deepEqual([result.kind, result.path], ['snapshot', path]);
  assertSnapshot(path, result.bytes);
  const status = (await target.get('/status')) as { state: string; lastResult: AgentLine };
  assert.deepEqual([status.state, status.lastResult.path], ['idle', path]);
});

test('signals during a capture are ignored, and many of them write only a few log lines', async (t) => {
  const path = join(temporaryDirectory(t), 'a.heapsnapshot');
  const target = await startTarget(t, { options: { allow: true, path } });
  target.child.kill('SIGUSR2');
  await target.lines.next(['started'], PATIENCE_MS);
  const begun = performance.now();
  for (let i = 0; i < 10_000; i++) target.child.kill('SIGUSR2');
  const seen = { ignored: 0, signals: 0 };
  for (;;) {
    const line = await target.lines.next(['ignored', 'written', 'failed'], PATIENCE_MS);
    assert.notEqual(line.event, 'failed', JSON.stringify(line));
    if (line.event === 'written') break;
    seen.ignored++;
    seen.signals += Number(line['count']);
  }
  assert.ok(
    seen.ignored >= 1 && seen.ignored <= 2 + (performance.now() - begun) / 1000,
    JSON.stringify(seen),
  );
  assertSnapshot(path, statSync(path).size);
});

test('placeholders and keep: the newest results stay', async (t) => {
  const directory = temporaryDirectory(t);
  for (const day of ['01', '02', '03'])
    writeFileSync(join(directory, `x-202001${day}T000000Z.heapsnapshot`), '');
  const path = join(directory, '{name}-{timestamp}.heapsnapshot');
  const target = await startTarget(t, { options: { allow: true, name: 'x', path, keep: 2 } });
  const { path: newest = '' } = await signaled(target);
  assert.match(newest, /\/x-\d{8}T\d{6}Z\.heapsnapshot$/);
  const left = filesIn(directory);
  assert.equal(left.length, 2);
  assert.ok(left.includes(newest.slice(directory.length + 1)));
});

test('several captures leave no descriptor, child or thread in the server', async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'a.heapsnapshot');
  const target = await startTarget(t, { options: { allow: true, path } });
  const atRest = (): Promise<ReturnType<typeof census>> =>
    eventually(() => {
      const taken = census(target.pid);
      assert.deepEqual(taken.children, {});
      return taken;
    });
  await signaled(target);
  const before = await atRest();
  for (let i = 0; i < 3; i++) await signaled(target);
  const after = await atRest();
  assert.deepEqual([after.descriptors, after.threads], [before.descriptors, before.threads]);
  assert.deepEqual(filesIn(directory), ['a.heapsnapshot']);
});

/** Open sockets and files except /dev/null; a pipe may connect the two processes. */
function descriptors(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`)
    .map((descriptor) => readlinkSync(`/proc/${pid}/fd/${descriptor}`))
    .filter((target) => !/^(pipe|anon_inode):|^\/dev\/null$/.test(target));
}

test('the collector inherits nothing from the application', async (t) => {
  const target = await startTarget(t, {
    flags: REGISTER,
    env: {
      ALLOW_HEAP_SNAPSHOT: '1',
      AFTERIMAGE_PATH: join(temporaryDirectory(t), 'a.heapsnapshot'),
      NODE_OPTIONS: '--import @afterimage/agent/register --no-warnings',
      SECRET: 'x',
    },
  });
  target.child.kill('SIGUSR2');
  const collector = await partOf(target, 'collector');
  // It may be seen while it is starting; then its environment is complete a moment later.
  await eventually(() => {
    const environment = readFileSync(`/proc/${collector}/environ`, 'utf8').split('\0').filter(Boolean);
    assert.deepEqual(environment, ['MALLOC_ARENA_MAX=1']);
    const own = new Set(descriptors(target.pid));
    assert.deepEqual(
      // It is in memory, and holds Node.js's error output.
      descriptors(collector).filter(
        (descriptor) => own.has(descriptor) && !descriptor.startsWith('/memfd:afterimage-collector'),
      ),
      [],
    );
  });
  await target.lines.next(['written'], PATIENCE_MS);
});

test('under the permission model it works with the flags that the refusal names', async (t) => {
  const directory = temporaryDirectory(t);
  const grants = [
    '--allow-fs-read=*',
    `--allow-fs-write=${directory}`,
    '--allow-addons',
    '--allow-child-process',
  ];
  for (const mode of ['image', 'inline'] as const) {
    const target = await startTarget(t, {
      node: nodeOf(24).path,
      flags: ['--permission', ...grants],
      options: { allow: true, mode, path: join(directory, 'a.heapsnapshot') },
    });
    const { path = '', bytes } = await signaled(target);
    assertSnapshot(path, bytes);
  }
});

test('a server with nothing left to do exits, even during a capture', async (t) => {
  const directory = temporaryDirectory(t);
  const options = { allow: true, path: join(directory, 'a.heapsnapshot') };
  const target = await startTarget(t, { options, env: { TARGET_THINGS: '100000' } });
  target.child.kill('SIGUSR2');
  const collector = await partOf(target, 'collector');
  const darkroom = await partOf(target, 'darkroom');
  process.kill(collector, 'SIGSTOP'); // so that the next wait cannot end because of this capture
  await target.get('/close');
  assert.deepEqual(await target.ended, { code: 0, signal: null });
  process.kill(collector, 'SIGCONT');
  await eventually(() => assert.deepEqual([isRunning(collector), isRunning(darkroom)], [false, false]));
  assert.deepEqual(filesIn(directory), []);
});

test('a pending agent.capture() keeps a script alive', async (t) => {
  const path = join(temporaryDirectory(t), 'a.heapsnapshot');
  const script = `const { install } = await import(${JSON.stringify(import.meta.resolve('@afterimage/agent'))});
    console.log(JSON.stringify(await install({ path: ${JSON.stringify(path)} }).capture()));`;
  const child = spawn(nodeOf(22).path, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  assert.equal(code, 0);
  assert.equal((JSON.parse(output) as AgentLine).path, path);
});

test('with too little memory in the cgroup for developing, the image is stored and the figures are logged', async (t) => {
  const cgroup = memoryCgroup(t, 256 << 20);
  if (cgroup === null) return;
  const directory = temporaryDirectory(t);
  const path = join(directory, 'a.heapsnapshot');
  const target = await startTarget(t, {
    options: { allow: true, path, storePlainImage: true },
    env: { TARGET_THINGS: '200000' },
  });
  writeFileSync(join(cgroup, 'cgroup.procs'), String(target.pid));
  const written = await signaled(target);
  assert.equal(written.kind, 'image');
  assert.match(
    String(written['why']),
    new RegExp(
      `^developing it takes up to [\\d.]+ MB of memory, and 2 times that must be free: [\\d.]+ MB available \\(cgroup /agent-test-[\\d-]+: `,
    ),
  );
});

test('with too little memory for capturing, the capture is refused with the figures, and nothing is started', async (t) => {
  const cgroup = memoryCgroup(t, 60 << 20);
  if (cgroup === null) return;
  const directory = temporaryDirectory(t);
  const target = await startTarget(t, { options: { allow: true, path: join(directory, 'a.heapsnapshot') } });
  writeFileSync(join(cgroup, 'cgroup.procs'), String(target.pid));
  target.child.kill('SIGUSR2');
  const line = await target.lines.next(['refused', 'started'], PATIENCE_MS);
  assert.deepEqual([line.event, line['code']], ['refused', 'headroom']);
  assert.match(String(line['msg']), /about [\d.]+ MB are needed, [\d.]+ MB available .*raise the limit/);
  assert.deepEqual(filesIn(directory), []);
});
