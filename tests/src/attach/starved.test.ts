/** An image child that gets no processor: the capture ends in bounded time, with one line. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { unlessStarved } from '../../../packages/afterimage/dist/attach/starved-child.js';
import { needsRoot } from '../targets/plain-target.js';

/** A child of this process, at the lowest priority, which does nothing. */
async function child(t: TestContext): Promise<number> {
  const sleeper = spawn('nice', ['-n', '19', 'sleep', '600'], { stdio: 'ignore' });
  t.after(() => sleeper.kill('SIGKILL'));
  await once(sleeper, 'spawn');
  return sleeper.pid ?? 0;
}

async function* thenNothing(...chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
  await new Promise(() => undefined);
}

function niceOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
}

test('a starved child gets a higher priority, then is killed', { skip: needsRoot }, async (t) => {
  const pid = await child(t);
  let raised = 19;
  const watching = (async () => {
    while (raised === 19) {
      await pause(10);
      raised = niceOf(pid);
    }
  })();
  const patience = { raiseMs: 100, giveUpMs: 3_000 };
  const image = unlessStarved(thenNothing(new Uint8Array(5)), process.pid, pid, 2e6, patience);
  const first = (await image.next()) as IteratorYieldResult<Uint8Array>;
  assert.equal(first.value.length, 5);
  const given = image.next();
  given.catch(() => undefined);
  await watching;
  assert.equal(raised, 5);
  await assert.rejects(
    given,
    /^CommandError: the image child of process \d+ got almost nothing out for 3 s \(0 MB of 2 MB have come\) and was ended/,
  );
  await assert.doesNotReject(async () => {
    while (readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') S')) await pause(10);
  });
});

test('an image that is read slowly does not count as starved', async () => {
  const patience = { raiseMs: 50, giveUpMs: 100 };
  async function* quick(): AsyncGenerator<Uint8Array> {
    for (let index = 0; index < 3; index++) yield new Uint8Array(1);
    await Promise.resolve();
  }
  let bytes = 0;
  for await (const chunk of unlessStarved(quick(), process.pid, 0, 3, patience)) {
    bytes += chunk.length;
    await pause(150);
  }
  assert.equal(bytes, 3);
});

test('a child that gets a few bytes out now and then is starved, too', async () => {
  async function* trickle(): AsyncGenerator<Uint8Array> {
    for (;;) {
      await pause(20);
      yield new Uint8Array(1);
    }
  }
  const image = unlessStarved(trickle(), process.pid, 0, 2e6, { raiseMs: 50, giveUpMs: 200 });
  await assert.rejects(async () => {
    for await (const chunk of image) assert.equal(chunk.length, 1);
  }, /got almost nothing out for 0.2 s/);
});
