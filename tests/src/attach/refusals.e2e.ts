/** What `afterimage capture` refuses: it says what it found and what to do, and sends the target nothing. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { describe, it, test, type TestContext } from 'node:test';
import { isRunning } from '../targets/agent-target.js';
import { runCommand, type CommandOptions } from '../command.js';
import { eventually } from '../eventually.js';
import { nodeOf, newestNodes } from '../nodes.js';
import {
  anyPort,
  assertAsBefore,
  heldBy,
  hideInstalled,
  inMountNamespace,
  needsOtherUsers,
  needsRoot,
  noexecAt,
  preloaded,
  startPlainTarget,
  type PlainSettings,
} from '../targets/plain-target.js';
import { temporaryDirectory } from '../temporary-directory.js';

const refused = 3;
const gone = 4;
const usage = 2;

const needsStrip = spawnSync('strip', ['--version']).error !== undefined && 'needs strip';

/** One line that matches, and that exit code; nothing written. */
async function assertRefuses(
  t: TestContext,
  target: string | number,
  message: RegExp,
  code: number = refused,
  options: CommandOptions = {},
): Promise<void> {
  const directory = await temporaryDirectory(t);
  chmodSync(directory, 0o777); // for any user that the command runs as
  const end = await runCommand(['capture', String(target), '-o', join(directory, 'x.heapsnapshot')], options);
  assert.match(end.stderr, message);
  assert.match(end.stderr, /^afterimage: [^\n]+\n$/);
  assert.deepEqual([end.code, end.stdout.toString(), readdirSync(directory)], [code, '', []]);
}

/**
 * The target is refused, and has got no signal: its standard error stays empty, and it holds the same as
 * before.
 */
async function assertUntouched(
  t: TestContext,
  settings: PlainSettings,
  message: RegExp,
  options: CommandOptions = {},
): Promise<void> {
  const target = await startPlainTarget(t, settings);
  const before = heldBy(target.pid);
  const earlier = target.stderr();
  await assertRefuses(t, target.pid, message, refused, options);
  await assertAsBefore(target, before);
  assert.equal(target.stderr(), earlier);
}

describe("refuses if the inspector's port is in use", () => {
  for (const host of ['127.0.0.1', '0.0.0.0', '::']) {
    it(`by a server at ${host}`, async (t) => {
      const server = createServer().listen(0, host);
      await once(server, 'listening');
      t.after(() => server.close());
      const { port } = server.address() as { port: number };
      const message = new RegExp(
        `port ${port} is held by process ${process.pid} \\([^)]+\\), so .*nothing was sent`,
      );
      await assertUntouched(t, { flags: [`--inspect-port=${port}`] }, message);
    });
  }

  it('by another Node.js that is being debugged', async (t) => {
    const debugged = await startPlainTarget(t, { flags: ['--inspect=0'] });
    const port = /ws:\/\/127\.0\.0\.1:(\d+)/.exec(debugged.stderr())?.[1] ?? '';
    const message = new RegExp(
      `port ${port} is held by process ${debugged.pid} \\([^)]+\\), .*a debugger\\?`,
    );
    await assertUntouched(t, { flags: [`--inspect-port=${port}`] }, message);
  });
});

describe('refuses if the application handles SIGUSR1', () => {
  for (const { major, path } of newestNodes) {
    it(`on Node ${major}`, (t) =>
      assertUntouched(
        t,
        { node: path, flags: [anyPort, ...preloaded(`process.on('SIGUSR1', () => console.error('mine'))`)] },
        /handles SIGUSR1 itself, .*start it with the agent.*nothing was sent to it/,
      ));
  }

  it('in a process without symbols, which receives the signal', { skip: needsStrip }, async (t) => {
    const node = join(await temporaryDirectory(t), 'node');
    assert.equal(spawnSync('strip', ['--strip-all', '-o', node, nodeOf(20).path]).status, 0);
    const flags = [anyPort, ...preloaded(`process.on('SIGUSR1', () => console.error('mine'))`)];
    const target = await startPlainTarget(t, { node, flags });
    const before = heldBy(target.pid);
    await assertRefuses(t, target.pid, /handles SIGUSR1 itself, .*start it with the agent/);
    await assertAsBefore(target, before);
    assert.equal(target.stderr(), 'mine\n');
  });
});

describe('refuses flags that make Node.js write secrets on the signal', () => {
  const reports = ['--report-on-signal', '--report-signal=SIGUSR1'];
  const cases: [string, PlainSettings][] = [
    ['--heapsnapshot-signal=SIGUSR1', { flags: ['--heapsnapshot-signal=SIGUSR1'] }],
    ['… apart', { flags: ['--unhandled-rejections', 'warn', '--heapsnapshot-signal', 'SIGUSR1'] }],
    ['… with underscores', { flags: ['--heapsnapshot_signal=SIGUSR1'] }],
    ['… quoted in NODE_OPTIONS', { flags: [], env: { NODE_OPTIONS: '--heapsnapshot-signal "SIGUSR1"' } }],
    ['--report-signal=SIGUSR1', { flags: reports }],
    ['… in NODE_OPTIONS', { flags: [], env: { NODE_OPTIONS: reports.join(' ') } }],
  ];
  for (const [name, settings] of cases)
    it(name, (t) =>
      assertUntouched(
        t,
        settings,
        /started with --(heapsnapshot-signal=|report-on-signal --report-signal=)SIGUSR1, so SIGUSR1 .* in clear/,
      ),
    );

  it('… in an environment file or a configuration file', async (t) => {
    const directory = await temporaryDirectory(t);
    writeFileSync(join(directory, 'x.env'), '# comment\nNODE_OPTIONS="--heapsnapshot-signal=SIGUSR1"\n');
    const nodeOptions = { 'heapsnapshot-signal': 'SIGUSR1' };
    writeFileSync(join(directory, 'node.config.json'), JSON.stringify({ nodeOptions }));
    const message = /started with --heapsnapshot-signal=SIGUSR1/;
    await assertUntouched(t, { flags: ['--env-file', 'x.env'], cwd: directory }, message);
    const node = nodeOf(24).path;
    const flags = ['--experimental-default-config-file', '--no-warnings'];
    await assertUntouched(t, { node, flags, cwd: directory }, message);
  });

  it('a report enabled at run time', async (t) => {
    const code = `process.report.signal = 'SIGUSR1'; process.report.reportOnSignal = true`;
    await assertUntouched(t, { flags: [anyPort, ...preloaded(code)] }, /handles SIGUSR1 itself/);
  });
});

describe('refuses flags that prevent attaching', () => {
  const node20 = nodeOf(20).path;
  const node24 = nodeOf(24).path;
  const cases: [string, PlainSettings, RegExp][] = [
    ['--disable-sigusr1', { node: node24, flags: ['--disable-sigusr1'] }, /--disable-sigusr1/],
    ['… in NODE_OPTIONS', { node: node24, flags: [], env: { NODE_OPTIONS: '--disable-sigusr1' } }, /sigusr1/],
    ['--no-addons', { flags: ['--no-addons'] }, /with --no-addons, .*start it without/],
    ['… in NODE_OPTIONS', { flags: [], env: { NODE_OPTIONS: '--no-addons' } }, /with --no-addons, /],
    [
      '--permission',
      { node: node24, flags: ['--permission', '--allow-fs-read=*'] },
      /permission model, .*start it with/,
    ],
    [
      '--experimental-permission in NODE_OPTIONS',
      { node: node20, flags: [], env: { NODE_OPTIONS: '--experimental-permission --allow-fs-read=*' } },
      /permission model, .*--allow-addons/,
    ],
    [
      '--permission with --allow-addons alone',
      { node: node24, flags: ['--permission', '--allow-fs-read=*', '--allow-addons'] },
      /permission model, .*start it with --allow-inspector/,
    ],
  ];
  for (const [name, settings, message] of cases) it(name, (t) => assertUntouched(t, settings, message));
});

describe('refuses other users and namespaces', { skip: needsRoot }, () => {
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'];

  it('a process of another user', { skip: needsOtherUsers }, (t) =>
    assertUntouched(t, {}, /belongs to user id 0, and user id 65534 cannot inspect it: .* with sudo/, {
      prefix: nobody,
    }),
  );

  it('root without the right to trace', (t) =>
    assertUntouched(t, {}, /user id 0 cannot inspect it: run this where root may trace it/, {
      prefix: ['setpriv', '--bounding-set=-sys_ptrace', '--inh-caps=-sys_ptrace', '--'],
    }));

  it('another network namespace', (t) => {
    const prefix = ['unshare', '--net', 'sh', '-c', 'ip link set lo up; exec "$@"', 'sh'];
    return assertUntouched(t, {}, /another network namespace/, { prefix });
  });

  it('no directory from which the addon can be loaded', (t) => {
    const closed = ['/tmp', '/dev/shm', '/var/tmp', '/run'].map(noexecAt);
    return assertUntouched(
      t,
      { prefix: inMountNamespace(hideInstalled, ...closed), cwd: '/proc' },
      /\/tmp is noexec, \/dev\/shm is noexec, \/var\/tmp is noexec, \/run is noexec, \/proc .*emptyDir/,
    );
  });
});

describe('refuses what it cannot capture', () => {
  it('another program', async (t) => {
    const sleep = spawn('sleep', ['600']);
    t.after(() => sleep.kill('SIGKILL'));
    await once(sleep, 'spawn');
    await assertRefuses(t, sleep.pid ?? 0, /does not run Node\.js/);
    assert.ok(isRunning(sleep.pid ?? 0));
  });

  it('a zombie', async (t) => {
    const parent = spawn('sh', ['-c', 'cat <&3 & echo $!; exec sleep 600'], {
      stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
    });
    t.after(() => parent.kill('SIGKILL'));
    const [, output, , input] = parent.stdio as [null, Readable, null, Writable, unknown];
    const [pid] = (await once(output.setEncoding('utf8'), 'data')) as [string];
    // A shell would eventually reap its child, and sleep does not.
    await eventually(() => assert.equal(readFileSync(`/proc/${parent.pid}/comm`, 'utf8'), 'sleep\n'));
    input.end();
    await eventually(() => assert.equal(isRunning(Number(pid)), false));
    await assertRefuses(t, pid.trim(), /has ended and only waits for its parent/);
  });

  it('a process that is stopped', async (t) => {
    const target = await startPlainTarget(t);
    process.kill(target.pid, 'SIGSTOP');
    await assertRefuses(t, target.pid, /is stopped, .*kill -CONT/);
    process.kill(target.pid, 'SIGCONT');
    await target.run('1');
    assert.equal(target.stderr(), '');
  });

  it('a thread', async (t) => {
    const target = await startPlainTarget(t);
    const thread =
      readdirSync(`/proc/${target.pid}/task`)
        .map(Number)
        .find((id) => id !== target.pid) ?? 0;
    await assertRefuses(t, thread, new RegExp(`is a thread of process ${target.pid}; use ${target.pid}`));
  });

  it('a process that has ended', async (t) => {
    const ended = spawn('true');
    await once(ended, 'exit');
    await assertRefuses(t, ended.pid ?? 0, /process \d+ does not exist/, gone);
  });

  it('not a number', (t) => assertRefuses(t, 'abc', /abc/, usage));

  it('an empty argument', async () => {
    const { code, stderr } = await runCommand(['capture']);
    assert.equal(code, usage);
    assert.match(stderr, /^afterimage: [^\n]+\n$/);
  });
});

test('sends the target nothing if the output is not possible', async (t) => {
  const target = await startPlainTarget(t);
  const before = heldBy(target.pid);
  const directory = await temporaryDirectory(t);
  const missing = await runCommand(['capture', String(target.pid), '-o', join(directory, 'none', 'x')]);
  assert.match(missing.stderr, /^afterimage: \S*none does not exist; make it or choose another path\n$/);
  assert.equal(missing.code, 1);
  const link = join(directory, 'link.heapsnapshot');
  symlinkSync('/nowhere', link);
  const linked = await runCommand(['capture', String(target.pid), '-o', link]);
  assert.match(linked.stderr, /^afterimage: \S*link\.heapsnapshot is a symbolic link; [^\n]+\n$/);
  assert.equal(linked.code, 1);
  await assertAsBefore(target, before);
  assert.equal(target.stderr(), '');
});
