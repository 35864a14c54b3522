/** The progress line: on a terminal, for long work, and gone when something else is printed. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { progressLine } from '../../../packages/afterimage/dist/cli/progress-line.js';

const ERASE = '\r\u001b[K';

const usual = { isTTY: true, columns: 80, text: '10 MB of 20 MB', term: 'xterm' };

/** Shows progress at each of `times` (ms from the start), then clears; returns what was written. */
function written(times: number[], settings: Partial<typeof usual> = {}): string[] {
  const { isTTY, columns, text, term } = { ...usual, ...settings };
  process.env.TERM = term;
  const output: string[] = [];
  const write = (chunk: unknown): boolean => output.push(String(chunk)) > 0;
  let now = 0;
  const progress = progressLine({ isTTY, columns, write }, () => now);
  for (now of times) progress.show(text, 0.5);
  progress.clear();
  return output;
}

describe('the progress line', () => {
  it('shows a bar after a second, redrawn at most ten times a second', () => {
    const line = `${ERASE}[############............] 10 MB of 20 MB`;
    assert.deepEqual(written([0, 500, 999]), []);
    assert.deepEqual(written([500, 1000, 1001, 1099, 1100]), [line, line, ERASE]);
  });

  it('fits the terminal', () => {
    const [line = ''] = written([1000], { columns: 40, text: 'x'.repeat(100) });
    assert.equal(line.length - ERASE.length, 39);
  });

  it('is a plain line every ten seconds without a terminal, or on one that cannot erase', () => {
    const line = 'afterimage: 10 MB of 20 MB\n';
    delete process.env.AFTERIMAGE_PROGRESS;
    for (const settings of [{ isTTY: false }, { term: 'dumb' }]) {
      assert.deepEqual(written([2000, 9999], settings), []);
      assert.deepEqual(written([9999, 10_000, 10_001, 19_999, 20_000], settings), [line, line]);
    }
    process.env.AFTERIMAGE_PROGRESS = '0';
    assert.deepEqual(written([10_000], { isTTY: false }), []);
  });
});
