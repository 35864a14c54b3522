/** An image child that gets no processor time: the capture fails within a time limit, with a message. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { filesIn, partOf, startTarget, temporaryDirectory } from '../targets/agent-target.js';

/** Three minutes of waiting: only when it is asked for. */
const skip = process.env['SOAK_SWEEP'] === '1' ? false : 'runs with SOAK_SWEEP=1';

test('the image child gets no processor time', { timeout: 400_000, skip }, async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'a.heapsnapshot');
  const target = await startTarget(t, {
    options: { allow: true, path },
    env: { TARGET_THINGS: '200000' },
  });
  target.child.kill('SIGUSR2');
  process.kill(await partOf(target, 'child'), 'SIGSTOP');
  const line = await target.lines.next(['written', 'failed'], 300_000);
  assert.deepEqual([line.event, line['code']], ['failed', 'timeout'], JSON.stringify(line));
  assert.match(
    String(line['msg']),
    /the image was not out of the server after 180 s.*got \d+\.\d s of processor time/,
  );
  assert.deepEqual(filesIn(directory), []);
  assert.deepEqual(await target.get('/'), { things: 200000 });
});
