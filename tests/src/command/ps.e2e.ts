/**
 * `afterimage ps` with real processes: every Node, other users, cgroups and namespaces, and programs other
 * than Node.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { afterTest, memoryCgroup, startTarget } from '../targets/agent-target.js';
import { commandProgram, endOf, runCommand, startCommand, type CommandOptions } from '../command.js';
import { nodeOf, newestNodes } from '../nodes.js';
import { needsOtherUsers } from '../targets/plain-target.js';
import { temporaryDirectory } from '../temporary-directory.js';
import { PATIENCE_MS } from '../patience.js';

interface Listed {
  pid: number;
  uid: number;
  user: string | null;
  nodeVersion: string | null;
  uptimeMs: number | null;
  command: string[];
  application: { name: string; directory: string | null };
  descriptors: { used: number; limit: number } | null;
  rssBytes: number;
  heap: { usedBytes: number | null; totalBytes: number | null; limitBytes: number | null };
  memory: { usedBytes: number; limitBytes: number } | null;
  container: unknown;
  agent: { signal: string; gate: string; state: string; path: string } | null;
  capture: { by: string | null; obstacle: { code: string; message: string } | null };
}

interface Started {
  flags?: string[];
  node?: string;
  args?: string[];
  env?: Record<string, string>;
  cwd?: string;
  /** A program and its arguments that becomes Node.js. */
  prefix?: string[];
}

const isRoot = process.geteuid?.() === 0;
const NOBODY = 65534;
const asNobody = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];

/** Resolves to its pid when it runs; killed at the end of the test. */
async function startNode(
  t: TestContext,
  { node, flags = [], args = [], env, cwd, prefix = [] }: Started = {},
): Promise<number> {
  const script = 'console.log("up"); setInterval(() => undefined, 1e6)';
  const command = [...prefix, node ?? process.execPath, ...flags, '-e', script, ...args];
  return start(t, command, env, cwd);
}

async function start(
  t: TestContext,
  [program = '', ...args]: string[],
  env = {},
  cwd?: string,
): Promise<number> {
  const child = spawn(program, args, {
    cwd,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  afterTest(t, async () => {
    child.kill('SIGKILL');
    await ended;
  });
  await Promise.race([
    once(child.stdout, 'data'),
    ended.then(([code]) => Promise.reject(new Error(`${program} ended with ${String(code)}`))),
  ]);
  return child.pid ?? 0;
}

async function list(options?: CommandOptions): Promise<Listed[]> {
  const { code, stdout, stderr } = await runCommand(['ps', '--json'], options);
  assert.equal(code, 0, stderr);
  return (JSON.parse(stdout.toString()) as { processes: Listed[] }).processes;
}

async function listed(pid: number, options?: CommandOptions): Promise<Listed> {
  const found = (await list(options)).find((each) => each.pid === pid);
  assert.ok(found, `process ${pid} is not listed`);
  return found;
}

/** What it prints on a terminal so wide; null, and the test skipped, where there is none. */
function onTerminal(t: TestContext, columns: number): string | null {
  const command = `stty cols ${columns}; '${process.execPath}' '${commandProgram}' ps`;
  const { stdout, error } = spawnSync('script', ['-qec', command, '/dev/null'], {
    env: { ...process.env, TERM: 'xterm', NO_COLOR: '1' },
    encoding: 'utf8',
    timeout: PATIENCE_MS,
  });
  if (error) {
    t.skip('there is no script(1) to make a terminal');
    return null;
  }
  assert.ok(!stdout.includes('\u001b'), stdout);
  const lines = stdout.replaceAll('\r', '').split('\n');
  assert.ok(Math.max(...lines.map(({ length }) => length)) <= columns, stdout);
  return lines.join('\n');
}

function lineOf(pid: number, table: string): string {
  return new RegExp(`^ +${pid} .*$`, 'm').exec(table)?.[0] ?? '';
}

describe('afterimage ps', () => {
  for (const { version, path } of newestNodes) {
    it(`lists Node.js ${version}, with its details`, async (t) => {
      const flags = ['--max_old_space_size=300'];
      const pid = await startNode(t, { node: path, flags, args: ['an', 'argument'] });
      const found = await listed(pid);
      assert.equal(found.nodeVersion, version);
      assert.equal(found.uid, process.geteuid?.());
      if (isRoot) assert.equal(found.user, 'root');
      assert.deepEqual(found.command.slice(-2), ['an', 'argument']);
      assert.ok(found.rssBytes > 10e6);
      assert.ok(found.uptimeMs !== null && found.uptimeMs >= -1000 && found.uptimeMs < 120_000);
      assert.deepEqual(found.heap, { usedBytes: null, totalBytes: null, limitBytes: 300 * 2 ** 20 });
      assert.equal(found.agent, null);
      assert.deepEqual(found.capture, { by: 'inspector', obstacle: null });
    });
  }

  it('lists a single executable application, which can be captured', async (t) => {
    const directory = await temporaryDirectory(t);
    await writeFile(join(directory, 'app.cjs'), 'console.log("up"); setInterval(() => undefined, 1e6)');
    const configuration = { main: 'app.cjs', output: 'shop', disableExperimentalSEAWarning: true };
    await writeFile(join(directory, 'sea.json'), JSON.stringify(configuration));
    const building = spawnSync(nodeOf(26).path, ['--build-sea', 'sea.json'], { cwd: directory });
    assert.equal(building.status, 0, building.stderr.toString());
    const pid = await start(t, [join(directory, 'shop'), '--permission', 'x']);
    const found = await listed(pid);
    assert.equal(found.nodeVersion, nodeOf(26).version);
    assert.deepEqual(found.command, [join(directory, 'shop'), '--permission', 'x']);
    assert.deepEqual(found.capture, { by: 'inspector', obstacle: null });
    const output = join(directory, 'x.heapsnapshot');
    const { code, stderr } = await runCommand(['capture', String(pid), '-o', output]);
    assert.equal(code, 0, stderr);
  });

  it('lists a renamed Node.js', async (t) => {
    const renamed = join(await temporaryDirectory(t), 'shop-server');
    await copyFile(nodeOf(20).path, renamed);
    const found = await listed(await startNode(t, { node: renamed, flags: ['--no-addons'] }));
    assert.equal(found.nodeVersion, nodeOf(20).version);
    assert.equal(found.capture.obstacle?.code, 'no-addons');
  });

  it('lists the largest first, and neither itself nor other programs', async (t) => {
    const [pid, other, sleeping] = await Promise.all([
      startNode(t),
      startNode(t, { env: { NODE_OPTIONS: '--max-old-space-size=200' } }),
      start(t, ['sh', '-c', 'echo up; exec sleep 1000']),
    ]);
    const command = startCommand(['ps', '--json']);
    const { stdout } = await endOf(command);
    const { processes } = JSON.parse(stdout.toString()) as { processes: Listed[] };
    const pids = processes.map((each) => each.pid);
    assert.ok(pids.includes(pid) && pids.includes(other));
    assert.ok(!pids.includes(sleeping) && !pids.includes(command.pid ?? 0));
    assert.equal(processes.find((each) => each.pid === other)?.heap.limitBytes, 200 * 2 ** 20);
    const sizes = processes.map(({ rssBytes }) => rssBytes);
    assert.deepEqual(
      sizes,
      sizes.toSorted((one, two) => two - one),
    );
  });

  it('lists no program that is only called node', async (t) => {
    const program = join(await temporaryDirectory(t), 'node');
    await copyFile('/bin/sh', program);
    const pid = await start(t, [program, '-c', 'echo up; read line < /dev/zero; echo']);
    assert.ok(!(await list()).some((each) => each.pid === pid));
  });

  it('tells in and below the table why a process cannot be captured', async (t) => {
    const pid = await startNode(t, { node: nodeOf(22).path, flags: ['--disable-sigusr1'] });
    const { capture } = await listed(pid);
    assert.equal(capture.by, null);
    assert.equal(capture.obstacle?.code, 'signal-blocked');
    assert.match(capture.obstacle.message, /was started with --disable-sigusr1\b.* start it without/);
    const { stdout } = await runCommand(['ps']);
    assert.match(stdout.toString(), new RegExp(`^ +${pid} .*signal blocked`, 'm'));
    assert.match(stdout.toString(), /^ {2}process \d+ was started with --disable-sigusr1/m);
  });

  it('prints a reason that several processes share once', async (t) => {
    const flags = ['--disable-sigusr1'];
    const node = nodeOf(22).path;
    const pids = await Promise.all([1, 2, 3].map(() => startNode(t, { node, flags })));
    const { stdout } = await runCommand(['ps']);
    const paragraphs = stdout.toString().split('\n\n');
    const [found, ...others] = paragraphs.filter((text) =>
      /^ +process \d+ was started with --disable-s/.test(text),
    );
    assert.deepEqual(others, []);
    const named = [...(found?.matchAll(/\d+/g) ?? [])].map(Number);
    assert.deepEqual(
      pids.filter((pid) => !named.includes(pid)),
      [],
    );
  });

  it('shows the application and its directory instead of a command that does not fit', async (t) => {
    const directory = await temporaryDirectory(t);
    await writeFile(join(directory, 'package.json'), '{"name":"corner-shop"}');
    const args = ['x'.repeat(200)];
    const pid = await startNode(t, { args, cwd: directory, prefix: ['prlimit', '--nofile=24', '--'] });
    const { application, descriptors } = await listed(pid);
    assert.deepEqual(application, { name: 'corner-shop', directory });
    assert.ok(descriptors?.limit === 24 && descriptors.used > 10 && descriptors.used <= 24);
    // Wide enough whatever else is listed, and not for the command.
    const table = onTerminal(t, 140);
    if (table === null) return;
    assert.match(lineOf(pid, table), / few descriptors .*corner-shop in /);
    const { stdout } = await runCommand(['ps'], { env: { PATH: process.env['PATH'] } });
    assert.match(lineOf(pid, stdout.toString()), /x{200}$/);
  });

  it('shows an agent, with the heap that it reports', async (t) => {
    const [open, shut] = await Promise.all(
      [true, false].map((allow) =>
        startTarget(t, { options: { allow, path: '/tmp/{name}-{pid}.heapsnapshot' } }),
      ),
    );
    const found = await listed(open?.pid ?? 0);
    assert.equal(found.agent?.gate, 'open');
    assert.equal(found.agent.signal, 'SIGUSR2');
    assert.equal(found.agent.state, 'idle');
    assert.equal(found.agent.path, '/tmp/{name}-{pid}.heapsnapshot');
    assert.ok((found.heap.usedBytes ?? 0) > 1e6 && (found.heap.limitBytes ?? 0) > 100e6);
    assert.deepEqual(found.capture, { by: 'agent', obstacle: null });
    const { capture } = await listed(shut?.pid ?? 0);
    assert.equal(capture.obstacle?.code, 'gate-shut');
    assert.match(capture.obstacle.message, /ALLOW_HEAP_SNAPSHOT=1/);
  });

  it("shows the limit of a process's cgroup", async (t) => {
    const cgroup = memoryCgroup(t, 500e6);
    if (cgroup === null) return;
    const pid = await startNode(t);
    writeFileSync(join(cgroup, 'cgroup.procs'), String(pid));
    const { memory } = await listed(pid);
    const page = 4096;
    assert.equal(memory?.limitBytes, Math.floor(500e6 / page) * page);
    assert.ok(memory.usedBytes < memory.limitBytes);
  });

  it(
    'lists a process in another network namespace without connecting to it',
    { skip: !isRoot },
    async (t) => {
      const pid = await startNode(t, { prefix: ['unshare', '--net'] });
      const { capture } = await listed(pid);
      assert.equal(capture.obstacle?.code, 'other-network');
    },
  );

  it(
    "lists other users' processes: root can capture them, they cannot capture root's",
    { skip: needsOtherUsers },
    async (t) => {
      const [own, theirs] = await Promise.all([startNode(t), startNode(t, { prefix: asNobody })]);
      const found = await listed(theirs);
      assert.equal(found.uid, NOBODY);
      assert.equal(found.user, 'nobody');
      assert.deepEqual(found.capture, { by: 'inspector', obstacle: null });
      const foreign = await listed(own, { prefix: asNobody });
      assert.equal(foreign.nodeVersion, null);
      assert.equal(foreign.capture.obstacle?.code, 'other-user');
      assert.ok(foreign.rssBytes > 10e6);
    },
  );

  it('escapes control characters, on lines that fit the terminal', async (t) => {
    const cwd = join(await temporaryDirectory(t), `\u001b[31m${'x'.repeat(100)}`);
    mkdirSync(cwd);
    const pid = await startNode(t, { cwd, args: ['x'.repeat(200)] });
    const short = await startNode(t, { flags: ['--title=\u001b[31mx'] });
    const table = onTerminal(t, 80);
    if (table === null) return;
    assert.match(lineOf(pid, table), / in \/.*…$/);
    assert.match(lineOf(short, table), / \\x1b\[31mx$/);
  });

  it('omits columns if the terminal is too narrow', async (t) => {
    const cgroup = memoryCgroup(t, 500e6);
    if (cgroup === null) return;
    const pid = await startNode(t, { flags: ['--max-old-space-size=300'] });
    writeFileSync(join(cgroup, 'cgroup.procs'), String(pid));
    const [narrow, wide] = [onTerminal(t, 80), onTerminal(t, 120)];
    if (narrow === null || wide === null) return;
    assert.match(lineOf(pid, narrow), / 315 MB /);
    assert.doesNotMatch(lineOf(pid, narrow), / of 500 MB /);
    assert.match(lineOf(pid, wide), / 315 MB .* of 500 MB /);
  });

  it('ends silently if its reader has ended', async (t) => {
    await startNode(t);
    const command = startCommand(['ps']);
    command.stdout?.destroy();
    const { code, stderr } = await endOf(command);
    assert.deepEqual({ code, stderr }, { code: 1, stderr: '' });
  });
});
