/**
 * The agent's status board as seen from outside: its contents, that it is not inherited, and that it is
 * complete or rejected.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { BOARD_NAME, parseBoard, type BoardDocument } from '@afterimage/agent/board';
import fc from 'fast-check';
import { readAgentBoard } from '../../../packages/afterimage/dist/processes/agent-board.js';
import { startTarget, temporaryDirectory } from '../targets/agent-target.js';
import { runCommand } from '../command.js';
import { eventually } from '../eventually.js';
import { newestNodes } from '../nodes.js';
import { PATIENCE_MS } from '../patience.js';

function boardFiles(pid: number): string[] {
  const directory = `/proc/${pid}/fd`;
  const files = readdirSync(directory).map((name) => join(directory, name));
  return files.filter((file) => linkOf(file) === `/memfd:${BOARD_NAME} (deleted)`);
}

/** Empty for a descriptor that was closed meanwhile. */
function linkOf(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}

/** Null if no complete document can be read at this moment. */
function readBoard(pid: number): BoardDocument | null {
  const [file] = boardFiles(pid);
  return file === undefined ? null : (parseBoard(readFileSync(file)) as BoardDocument | null);
}

/** @throws until the board says so */
function boardSaying(pid: number, says: (board: BoardDocument) => boolean): Promise<BoardDocument> {
  return eventually(() => {
    const board = readBoard(pid);
    assert.ok(board !== null && says(board), JSON.stringify(board));
    return board;
  });
}

function pathFor(t: TestContext): string {
  return join(temporaryDirectory(t), '{name}.heapsnapshot');
}

/** Without the end of an earlier, longer document. */
function documentIn(file: string): Buffer {
  const bytes = readFileSync(file);
  return bytes.subarray(0, bytes.indexOf('\n') + 1 + parseInt(bytes.toString('latin1'), 10));
}

describe("the agent's status board", () => {
  for (const { version, path: node } of newestNodes) {
    it(`shows the agent's state and how a capture ended, on Node.js ${version}`, async (t) => {
      const path = pathFor(t);
      const target = await startTarget(t, { node, options: { allow: true, path } });
      const before = await boardSaying(target.pid, () => true);
      assert.equal(before.gate, 'open');
      assert.equal(before.signal, 'SIGUSR2');
      assert.equal(before.path, path);
      assert.equal(before.state, 'idle');
      assert.equal(before.captures, 0);
      assert.equal(before.ended, null);
      assert.ok(before.heap.usedBytes > 1e6 && before.heap.usedBytes <= before.heap.totalBytes);

      process.kill(target.pid, 'SIGUSR2');
      const written = await target.lines.next(['written'], PATIENCE_MS);
      const after = await boardSaying(target.pid, ({ state, ended }) => state === 'idle' && ended !== null);
      assert.equal(after.captures, 1);
      assert.equal(after.expandedPath, written.path);
      assert.ok(after.ended !== null && 'result' in after.ended);
      assert.equal(after.ended.capture, 1);
      assert.equal(after.ended.result.sha256, written['sha256']);
      assert.deepEqual(
        after.events.map(({ event, capture }) => [event, capture]),
        [
          ['received', 0],
          ['started', 1],
          ['captured', 1],
          ['written', 1],
        ],
      );
    });
  }

  it('shows that a capture is running, and why one failed', async (t) => {
    const target = await startTarget(t, { options: { allow: true, path: '/nowhere/at/all' } });
    process.kill(target.pid, 'SIGUSR2');
    const { ended } = await boardSaying(target.pid, (board) => board.ended !== null);
    assert.ok(ended !== null && 'error' in ended);
    assert.match(ended.error.message, /\/nowhere\/at does not exist/);

    const other = await startTarget(t, { options: { allow: true, path: pathFor(t) } });
    const busy = boardSaying(other.pid, ({ state, captures }) => state === 'capturing' && captures === 1);
    process.kill(other.pid, 'SIGUSR2');
    await busy;
  });

  it('is sampled even if nothing happens', async (t) => {
    const target = await startTarget(t, { options: {} });
    const first = await boardSaying(target.pid, () => true);
    await target.get('/status');
    await boardSaying(target.pid, ({ heap }) => heap.usedBytes !== first.heap.usedBytes);
  });

  it('is not inherited by child processes and does not keep the process alive', async (t) => {
    const code = `
      const { execFileSync } = require('node:child_process');
      import('@afterimage/agent').then(({ install }) => {
        install();
        const list = (pid) => execFileSync('ls', ['-l', '/proc/' + pid + '/fd'], { encoding: 'utf8' });
        console.log(JSON.stringify([list(process.pid), list('self')].map((text) => text.includes('${BOARD_NAME}'))));
      });`;
    const output = execFileSync(process.execPath, ['-e', code], {
      cwd: join(import.meta.dirname, '..'),
      encoding: 'utf8',
      timeout: PATIENCE_MS,
    });
    assert.deepEqual(JSON.parse(output), [true, false]);
    const target = await startTarget(t, { options: {} });
    await target.get('/close');
    assert.deepEqual(await target.ended, { code: 0, signal: null });
  });

  it('is shared by all threads and disappears with the agent', async (t) => {
    const target = await startTarget(t, { flags: ['--import', '@afterimage/agent/register'], options: {} });
    await target.get('/worker');
    assert.equal(boardFiles(target.pid).length, 1);
    await target.get('/uninstall');
    assert.equal(boardFiles(target.pid).length, 0);
  });

  it('does not exist if the native part cannot be loaded', async (t) => {
    const target = await startTarget(t, { flags: ['--no-addons'], options: {} });
    assert.equal(boardFiles(target.pid).length, 0);
    assert.deepEqual(await target.get('/'), { things: 1000 });
  });

  it('is accepted only if it is complete', async (t) => {
    const target = await startTarget(t, { options: { allow: true } });
    const [file] = boardFiles(target.pid);
    assert.ok(file !== undefined);
    const first = documentIn(file);
    await eventually(() => assert.notDeepEqual(documentIn(file), first));
    const second = documentIn(file);
    assert.ok(parseBoard(first) !== null && parseBoard(second) !== null);
    for (const at of [0, 1, 60, 80, 200, Math.min(first.length, second.length) - 1]) {
      const torn = Buffer.concat([second.subarray(0, at), first.subarray(at)]);
      // Data after a complete document does not matter.
      const isWhole = [first, second].some((each) => torn.subarray(0, each.length).equals(each));
      if (!isWhole) assert.equal(parseBoard(torn), null, `torn at ${at}`);
      assert.equal(parseBoard(first.subarray(0, at)), null);
    }
    assert.deepEqual(parseBoard(Buffer.concat([first, second])), parseBoard(first));
  });

  it('is validated by its readers, because a process can write anything to it', async (t) => {
    const target = await startTarget(t, { options: { allow: true, path: pathFor(t) } });
    const whole = await boardSaying(target.pid, () => true);
    const [file = ''] = boardFiles(target.pid);
    const write = (document: unknown): void => {
      const json = Buffer.from(JSON.stringify(document));
      writeFileSync(
        file,
        `${json.length} ${createHash('sha256').update(json).digest('hex')}\n${json.toString()}`,
      );
    };
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.keys(whole)), fc.jsonValue(), async (key, value) => {
        write({ ...whole, [key]: value });
        assert.notEqual(await readAgentBoard(target.pid), null);
      }),
      { numRuns: 200 },
    );
    for (const message of ['\u001b[2J\u001b]0;title\u0007\r\nroot', '‮', '__proto__']) {
      write({ ...whole, name: message, expandedPath: message, path: message, version: message });
      const { code, stdout, stderr } = await runCommand(['ps']);
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stdout.toString(), /[^\P{C}\n]/u);
    }
  });
});
