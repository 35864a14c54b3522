/**
 * `afterimage capture PID` of a process with an agent: its gate, path and log apply, and the capture is
 * followed to the end.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { AgentOptions } from '@afterimage/agent';
import { BOARD_NAME, parseBoard, type BoardDocument } from '@afterimage/agent/board';
import { afterTest, partOf, startTarget, temporaryDirectory, type Target } from '../targets/agent-target.js';
import { endOf, runCommand, startCommand, type CommandEnd } from '../command.js';
import { newestNodes } from '../nodes.js';
import { PATIENCE_MS } from '../patience.js';

interface Report {
  by: string;
  kind: string;
  path: string;
  bytes: number;
  sha256: string;
  pauseMs: number;
  forkMs?: number;
  redaction?: string;
  image: { pid: number; nodeVersion: string; bytes: number };
}

interface Prepared {
  target: Target;
  /** Where its agent writes to. */
  path: string;
  directory: string;
}

async function prepared(t: TestContext, options: AgentOptions, node?: string): Promise<Prepared> {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'agent.heapsnapshot');
  const settings = { options: { path, ...options } };
  return {
    target: await startTarget(t, node === undefined ? settings : { ...settings, node }),
    path,
    directory,
  };
}

async function report(target: Target, ...args: string[]): Promise<Report> {
  const end = await runCommand(['capture', String(target.pid), '--json', ...args]);
  assert.equal(end.code, 0, end.stderr);
  const { captures } = JSON.parse(end.stdout.toString()) as { captures: Report[] };
  assert.equal(captures.length, 1);
  return captures[0] as Report;
}

async function refused(code: number, why: RegExp, target: Target, ...args: string[]): Promise<CommandEnd> {
  const end = await runCommand(['capture', String(target.pid), ...args]);
  assert.equal(end.code, code, end.stderr);
  assert.match(end.stderr, why);
  return end;
}

async function assertNothingSent(target: Target): Promise<void> {
  // A signal that had come in would have been seen to by now.
  await target.get('/');
  const directory = `/proc/${target.pid}/fd`;
  const name = readdirSync(directory).find((each) => linkOf(join(directory, each)).includes(BOARD_NAME));
  const board = parseBoard(readFileSync(join(directory, name ?? ''))) as BoardDocument;
  assert.deepEqual(board.events, []);
}

function linkOf(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}

function sha256Of(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

describe('afterimage capture of a process with an agent', () => {
  for (const { version, path: node } of newestNodes) {
    it(`lets the agent capture, on Node.js ${version}`, async (t) => {
      const { target, path } = await prepared(t, { allow: true }, node);
      const found = await report(target);
      assert.equal(found.by, 'agent');
      assert.equal(found.kind, 'snapshot');
      assert.equal(found.path, path);
      assert.equal(found.bytes, statSync(path).size);
      assert.equal(found.sha256, sha256Of(path));
      assert.equal(found.redaction, 'strings');
      assert.equal(found.image.nodeVersion, version);
      const written = await target.lines.next(['written'], PATIENCE_MS);
      assert.equal(written['sha256'], found.sha256);
      assert.equal(written.pauseMs, found.pauseMs);
      assert.ok(found.forkMs !== undefined && found.forkMs > 0);
    });
  }

  it('reports the result in one line', async (t) => {
    const { target, path } = await prepared(t, { allow: true });
    const { code, stderr } = await runCommand(['capture', String(target.pid), '--redact', 'names']);
    assert.equal(code, 0, stderr);
    const [first = '', second = ''] = stderr.trim().split('\n');
    assert.match(first, /whose redaction level is strings, not names/);
    assert.ok(second.startsWith(`afterimage: wrote the snapshot ${path} (`), second);
    assert.match(second, /redacted: strings\), sha256 [0-9a-f]{64}; process \d+ was paused for /);
  });

  it('sends nothing if the gate is shut', async (t) => {
    const { target, path } = await prepared(t, { allow: false });
    await refused(3, /gate is shut: start the process with ALLOW_HEAP_SNAPSHOT=1 \(nothing was sent/, target);
    await assertNothingSent(target);
    assert.ok(!existsSync(path));
  });

  it('is refused while the agent is busy, and ends if the process is killed', async (t) => {
    const { target, path, directory } = await prepared(t, { allow: true });
    const first = startCommand(['capture', String(target.pid), '-o', join(directory, 'copy')]);
    const collector = await partOf(target, 'collector');
    process.kill(collector, 'SIGSTOP');
    afterTest(t, () => {
      try {
        process.kill(collector, 'SIGCONT');
      } catch {
        // It has ended with its server.
      }
    });
    await target.lines.next(['started'], PATIENCE_MS);
    await refused(3, /is being captured by its agent: wait until that is over \(nothing was sent/, target);
    target.child.kill('SIGKILL');
    process.kill(collector, 'SIGCONT');
    const { code, stderr } = await endOf(first);
    assert.equal(code, 4, stderr);
    assert.match(stderr, /process \d+ ended during the capture; nothing was written/);
    assert.ok(!existsSync(path) && !existsSync(join(directory, 'copy')));
  });

  it('leaves the capture to the agent if the command is interrupted', async (t) => {
    const { target, path, directory } = await prepared(t, { allow: true });
    const command = startCommand(['capture', String(target.pid), '-o', join(directory, 'copy')]);
    const collector = await partOf(target, 'collector');
    process.kill(collector, 'SIGSTOP');
    await target.lines.next(['started'], PATIENCE_MS);
    command.kill('SIGINT');
    const { signal, stderr } = await endOf(command);
    assert.equal(signal, 'SIGINT');
    assert.match(
      stderr,
      /interrupted by SIGINT; the agent of process \d+ goes on, and writes to .*agent\.heapsnapshot/,
    );
    process.kill(collector, 'SIGCONT');
    await target.lines.next(['written'], PATIENCE_MS);
    assert.ok(existsSync(path) && !existsSync(join(directory, 'copy')));
  });

  it('copies the result with -o, readable only by its owner', async (t) => {
    const { target, path, directory } = await prepared(t, { allow: true });
    const found = await report(target, '-o', join(directory, '{name}-{pid}.copy'));
    assert.match(found.path, new RegExp(`-${target.pid}\\.copy$`));
    assert.equal(statSync(found.path).mode & 0o777, 0o600);
    assert.deepEqual(readFileSync(found.path), readFileSync(path));
    assert.equal(found.sha256, sha256Of(found.path));
  });

  it('develops a stored image with -o, or copies it with --image', async (t) => {
    const { target, directory } = await prepared(t, { allow: true, develop: 'never', storePlainImage: true });
    const output = join(directory, 'developed.heapsnapshot');
    const found = await report(target, '-o', output);
    assert.equal(found.kind, 'snapshot');
    assert.equal(found.sha256, sha256Of(output));
    assert.match(readFileSync(output, 'utf8'), /"PlantedThing"/);
    const copy = join(directory, 'copy.image');
    const image = await report(target, '--store-plain-image', '--image', copy);
    assert.equal(image.kind, 'image');
    assert.equal(image.sha256, sha256Of(copy));
  });

  it('tells what to do with an encrypted image', async (t) => {
    const recipients = ['age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa'];
    const { target, directory } = await prepared(t, { allow: true, develop: 'never', recipients });
    const output = join(directory, 'developed.heapsnapshot');
    const why =
      /encrypted: on the machine with its identity, afterimage develop \S+\.age --identity FILE -o /;
    await refused(1, why, target, '-o', output);
    assert.ok(!existsSync(output));
  });

  it('refuses options that the agent decides', async (t) => {
    const { target } = await prepared(t, { allow: true });
    await refused(
      3,
      /AFTERIMAGE_DEVELOP=never, or leave --image out/,
      target,
      '--image',
      '--store-plain-image',
    );
    const recipient = 'age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa';
    await refused(3, /start the process with AFTERIMAGE_RECIPIENTS/, target, '--recipient', recipient);
    await assertNothingSent(target);
  });

  it("passes on the agent's message if the capture fails", async (t) => {
    const { target } = await prepared(t, { allow: true, path: '/nowhere/at/all.heapsnapshot' });
    await refused(1, /the agent of process \d+: \/nowhere\/at does not exist; make it/, target);
  });

  it('uses the inspector with --no-agent, and after the agent was uninstalled', async (t) => {
    const { target, directory } = await prepared(t, { allow: false });
    const output = join(directory, 'attached.heapsnapshot');
    const past = await report(target, '--no-agent', '-o', output);
    assert.equal(past.by, 'inspector');
    assert.equal(past.sha256, sha256Of(output));
    await assertNothingSent(target);
    await target.get('/uninstall');
    assert.equal((await report(target, '-o', output, '--force')).by, 'inspector');
  });
});
