/** `diff` names the same first suspect for three images of a program that leaks as for V8's own snapshots of them. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, describe, test } from 'node:test';
import { runCommand } from '../command.js';
import { nodes, type NodeBinary } from '../nodes.js';
import { PATIENCE_MS } from '../patience.js';

const directory = mkdtempSync(path.join(tmpdir(), 'afterimage-suspects-'));
after(() => rmSync(directory, { recursive: true }));

const CAPTURES = 3;
/** Grows with each line that it reads. */
const PROGRAM = `
class Session { constructor(id) { this.id = 'session-' + id; this.cart = [{ sku: 'sku-' + id }]; } }
const sessions = new Map();
function serve() {
  for (let count = 0; count < 3000; count++) sessions.set(sessions.size, new Session(sessions.size));
  console.log('served');
}
serve();
process.stdin.on('data', serve);
`;

for (const node of nodes)
  describe(`Node ${node.version}`, { timeout: 3 * PATIENCE_MS }, () => {
    test('has the same first suspect by both ways', async () => {
      const images = await imagesOfGrowth(node);
      const byReader = await firstSuspect(images);
      assert.match(byReader, /6,000 more Session in sessions \(Map\)/);
      assert.equal(byReader, await firstSuspect(await developed(images)));
    });
  });

async function imagesOfGrowth({ path: program, major }: NodeBinary): Promise<string[]> {
  const source = path.join(directory, 'grows.cjs');
  writeFileSync(source, PROGRAM);
  const target = spawn(program, [source], { stdio: ['pipe', 'pipe', 'ignore'] });
  try {
    const lines = createInterface({ input: target.stdout })[Symbol.asyncIterator]();
    await lines.next();
    const images: string[] = [];
    for (let capture = 0; capture < CAPTURES; capture++) {
      const image = path.join(directory, `${major}-${capture}.image.gz`);
      await run(['capture', `${target.pid}`, '--image', image, '--store-plain-image']);
      images.push(image);
      target.stdin.write('\n');
      await lines.next();
    }
    return images;
  } finally {
    target.kill('SIGKILL');
  }
}

/** By V8's own generator. */
async function developed(images: readonly string[]): Promise<string[]> {
  const snapshots: string[] = [];
  for (const [index, image] of images.entries()) {
    const snapshot = path.join(directory, `${index}.heapsnapshot`);
    await run(['develop', image, '-o', snapshot, '--force']);
    snapshots.push(snapshot);
  }
  return snapshots;
}

/** As it is described, but for ids and shares, which differ with what only one of the ways sees. */
async function firstSuspect(files: readonly string[]): Promise<string> {
  const report = await run(['diff', ...files]);
  const line = /^ +1 .*$/m.exec(report)?.[0] ?? '';
  const details = /^1\. .*?\n\n/ms.exec(report)?.[0] ?? '';
  return `${line}\n${details}`.replaceAll(/@\d+|\d+ %/g, '…');
}

async function run(args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCommand(args);
  assert.equal(code, 0, stderr);
  return stdout.toString();
}
