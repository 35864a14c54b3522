/** Every capture contains the figures of the whole process, and `diff` reports growth outside V8's heap. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openSnapshot, readProvenance, type Growth, type ProcessFigures } from '@afterimage/snapshot';
import { afterTest, startTarget } from '../targets/agent-target.js';
import { runCommand } from '../command.js';
import { newestNodes } from '../nodes.js';
import { startPlainTarget, type PlainTarget } from '../targets/plain-target.js';
import { temporaryDirectory } from '../temporary-directory.js';
import { PATIENCE_MS } from '../patience.js';

async function figuresIn(file: string): Promise<ProcessFigures> {
  const figures = readProvenance((await openSnapshot(file)).graph.header)?.target?.process;
  assert.ok(figures, 'the snapshot says nothing of its process');
  return figures;
}

async function capture(target: PlainTarget, output: string): Promise<void> {
  const { code, stderr } = await runCommand(['capture', String(target.pid), '-o', output]);
  assert.equal(code, 0, stderr);
}

describe("a capture contains the process's figures of that moment", () => {
  for (const node of newestNodes) {
    it(`of a process without an agent, Node ${node.version}`, async (t) => {
      const target = await startPlainTarget(t, { node: node.path });
      const output = join(await temporaryDirectory(t), 'app.heapsnapshot');
      const status = readFileSync(`/proc/${target.pid}/status`, 'latin1');
      const descriptors = readdirSync(`/proc/${target.pid}/fd`).length;
      await capture(target, output);
      const figures = await figuresIn(output);
      assert.equal(figures.threads, Number(/^Threads:\s+(\d+)/m.exec(status)?.[1]));
      assert.equal(figures.descriptors, descriptors);
      const rss = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) * 1024;
      assert.ok(Math.abs(figures.rss - rss) < rss / 4, `${figures.rss} of ${rss}`);
      assert.ok(figures.heapUsed > 2e6 && figures.heapUsed <= figures.heapTotal);
      assert.ok(figures.heapTotal < figures.heapLimit);
    });
  }

  it('by the agent', async (t) => {
    const path = join(await temporaryDirectory(t), 'app.heapsnapshot');
    const target = await startTarget(t, { options: { allow: true, path } });
    target.child.kill('SIGUSR2');
    await target.lines.next(['written'], PATIENCE_MS);
    const figures = await figuresIn(path);
    assert.ok(figures.rss > figures.heapUsed);
    assert.ok((figures.threads ?? 0) >= 5);
  });
});

it('analyze says what to capture next, by its ID only where that is its own here', async (t) => {
  const directory = await temporaryDirectory(t);
  const target = await startPlainTarget(t);
  const here = join(directory, 'here.heapsnapshot');
  await capture(target, here);
  assert.match(await closingLines(here), new RegExp(`run afterimage capture ${target.pid} later`));

  // As in a container, where it knows itself by an ID that another process has here.
  const other = spawn('sleep', ['600']);
  afterTest(t, () => void other.kill());
  const elsewhere = join(directory, 'elsewhere.heapsnapshot');
  const text = await readFile(here, 'latin1');
  await writeFile(elsewhere, text.replace(`"pid":${target.pid},`, `"pid":${other.pid},`), 'latin1');
  assert.match(await closingLines(elsewhere), /run afterimage capture PID later/);
  target.child.kill('SIGKILL');
  await target.ended;
  assert.match(await closingLines(here), /run afterimage capture PID later/);
});

/** What `analyze` ends with, whatever the width of its lines. */
async function closingLines(file: string): Promise<string> {
  const { code, stdout, stderr } = await runCommand(['analyze', file, '--top', '1']);
  assert.equal(code, 0, stderr);
  return stdout.toString().replaceAll(/\s+/g, ' ').slice(-400);
}

describe('growth outside the heap', () => {
  it('is reported, and never called stable', async (t) => {
    const target = await startPlainTarget(t);
    const directory = await temporaryDirectory(t);
    const files = ['before', 'after'].map((name) => join(directory, `${name}.heapsnapshot`));
    await capture(target, files[0] ?? '');
    await target.run('globalThis.kept = Array.from({ length: 600 }, () => Buffer.alloc(100_000, 1)); 0');
    await capture(target, files[1] ?? '');
    const { code, stdout, stderr } = await runCommand(['diff', ...files, '--json']);
    assert.equal(code, 0, stderr);
    const { process, summary } = JSON.parse(stdout.toString()) as Growth;
    const [before, after] = process ?? [];
    assert.ok(before && after, 'no figures');
    assert.ok(after.rss - before.rss > 50e6, JSON.stringify(process));
    assert.ok(after.arrayBuffers - before.arrayBuffers > 55e6);
    assert.match(
      summary,
      /RSS grew \+\d+\.\d MB; \+\d+\.\d MB lies outside V8's heap, \+\d+\.\d MB of that in/,
    );
    assert.match(summary, /see afterimage memory/);
    assert.doesNotMatch(summary, /^Nothing grows steadily;/);
  });
});
