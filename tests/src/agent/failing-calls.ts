/**
 * Makes one system call of a capture fail, in the server or in every process that takes part, by strace. After it the
 * server lives and has nothing of the capture left, the log has one line that says why, and the next capture succeeds.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { AgentLine } from '../targets/agent-lines.js';
import { filesIn, startTarget, temporaryDirectory, type Target } from '../targets/agent-target.js';
import { debianProgram } from '../targets/debian-program.js';
import { eventually } from '../eventually.js';
import { census } from '../process-census.js';
import { PATIENCE_MS } from '../patience.js';

export interface FailingCall {
  call: string;
  error: string;
  /** `server`: in its threads alone; `all`: in the image child and the collector as well. */
  in: 'server' | 'all';
  /** strace's `when=`: by default each one fails. It counts in each process by itself. */
  when?: string;
  /** What the line must say; by default, the capture need not fail. */
  says?: RegExp;
}

export interface FailingScene {
  target: Target;
  directory: string;
}

export async function failingScene(t: TestContext): Promise<FailingScene> {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'a.heapsnapshot');
  const target = await startTarget(t, {
    // Storing is faster than developing, and does the same in the server.
    options: { allow: true, path, develop: 'never', storePlainImage: true, timeoutMs: 60_000 },
  });
  await target.get('/');
  return { target, directory };
}

export async function assertSurvives(scene: FailingScene, failing: FailingCall): Promise<void> {
  const { target, directory } = scene;
  const before = descriptorsOf(target);
  const detach = await attach(target.pid, failing);
  target.child.kill('SIGUSR2');
  const line = await outcome(target);
  await detach();
  if (failing.says !== undefined) {
    assert.notEqual(line.event, 'written', `${failing.call} was not made`);
    assert.match(String(line['msg']), failing.says);
  }
  assert.doesNotMatch(String(line['msg']), /\n|\bat .*:\d+:\d+/);
  await assertNothingLeft(scene, before);
  const kept = line.event === 'written' ? filesIn(directory) : [];
  assert.deepEqual(
    filesIn(directory).filter((name) => name.endsWith('.partial')),
    [],
  );
  target.child.kill('SIGUSR2');
  const next = await outcome(target);
  assert.equal(next.event, 'written', `after ${JSON.stringify(line)}: ${JSON.stringify(next)}`);
  await assertNothingLeft(scene, before);
  assert.ok(kept.length <= 1);
}

async function assertNothingLeft({ target }: FailingScene, before: Record<string, number>): Promise<void> {
  assert.deepEqual(await target.get('/'), { things: 1000 });
  await eventually(() => assert.deepEqual(census(target.pid).children, {}));
  await eventually(() => assert.deepEqual(descriptorsOf(target), before));
  assert.deepEqual(target.lines.otherOutput, []);
}

/** Without TCP connections: those of the test's own requests come and go. */
function descriptorsOf({ pid }: Target): Record<string, number> {
  const local = new Set(
    readFileSync(`/proc/${pid}/net/unix`, 'latin1')
      .split('\n')
      .map((line) => line.trim().split(/\s+/)[6] ?? ''),
  );
  const found = { pipes: 0, sockets: 0, others: 0 };
  for (const name of readdirSync(`/proc/${pid}/fd`)) {
    const file = linkOf(`/proc/${pid}/fd/${name}`);
    const [, inode] = /^socket:\[(\d+)\]$/.exec(file) ?? [];
    if (inode !== undefined) found.sockets += local.has(inode) ? 1 : 0;
    else found[file.startsWith('pipe:') ? 'pipes' : 'others']++;
  }
  return found;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function outcome({ lines }: Target): Promise<AgentLine> {
  return lines.next(['written', 'failed', 'refused'], PATIENCE_MS);
}

/** Returns the function that ends it. */
async function attach(
  pid: number,
  { call, error, in: where, when = '1+' }: FailingCall,
): Promise<() => Promise<void>> {
  const threads = readdirSync(`/proc/${pid}/task`);
  const processes = where === 'all' ? ['-f', '-p', String(pid)] : threads.flatMap((thread) => ['-p', thread]);
  const strace = spawn(
    debianProgram('strace'),
    [
      '-qq',
      '-o',
      '/dev/null',
      '-e',
      `trace=${call}`,
      '-e',
      `inject=${call}:error=${error}:when=${when}`,
      ...processes,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  strace.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = once(strace, 'exit');
  await eventually(() => {
    for (const thread of threads) {
      const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'latin1');
      assert.match(status, /^TracerPid:\s+[1-9]/m, said);
    }
  });
  return async () => {
    strace.kill('SIGINT');
    await ended;
  };
}
