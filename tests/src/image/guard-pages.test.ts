/** Guard pages inside memory that is written: glibc has them in thread stacks since 2.42. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createReadStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { hashOfSnapshot } from './altered-image.js';
import { playTarget } from '../targets/native-target.js';
import { newestNodes } from '../nodes.js';

const directory = mkdtempSync(path.join(tmpdir(), 'afterimage-guard-'));
after(() => rmSync(directory, { recursive: true }));

const [major = 0, minor = 0] = release().split('.').map(Number);
const skip = major > 6 || (major === 6 && minor >= 13) ? false : 'Linux has guard pages since 6.13';
const library = path.join(directory, 'guard-pages.node');
const source = fileURLToPath(new URL('../../src/fixtures/guard-pages.c', import.meta.url));
before(() => execFileSync('gcc', ['-Wall', '-Werror', '-shared', '-fPIC', '-o', library, source]));

/** As the fixture fills a page. */
const FILLED = Buffer.alloc(4096, 0xa7);

for (const node of newestNodes) {
  test(`guard pages on Node ${node.version} are omitted`, { skip }, async () => {
    const image = path.join(directory, `${node.major}.image`);
    const { end } = await playTarget(node, 'image', image, library);
    assert.deepEqual(end, { exitCode: 0, signal: null });

    const bytes = readFileSync(image);
    let filled = 0;
    for (let at = bytes.indexOf(FILLED); at !== -1; at = bytes.indexOf(FILLED, at + FILLED.length)) filled++;
    assert.equal(filled, 12, 'what is before and behind them is there');
    const { result } = await hashOfSnapshot(createReadStream(image));
    assert.ok(result.nodes > 10_000);
  });
}
