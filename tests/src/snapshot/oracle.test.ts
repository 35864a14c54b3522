/** The reader agrees with DevTools' own heap model, on every Node version; the soak has the other programs. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { agreements, assertAgree } from './devtools-agreement.js';
import { madeUpSnapshot } from './made-up-snapshot.js';
import { temporaryDirectory } from '../temporary-directory.js';
import { PATIENCE_MS } from '../patience.js';

const MADE_UP = 25;

describe('the analysis of a snapshot agrees with DevTools', { concurrency: 2 }, () => {
  for (const { name, assert } of agreements('quarter')) it(name, { timeout: PATIENCE_MS }, assert);

  it('on generated graphs', { timeout: PATIENCE_MS }, async (t) => {
    const directory = await temporaryDirectory(t);
    for (let seed = 1; seed <= MADE_UP; seed++) {
      const file = join(directory, `seed-${seed}.heapsnapshot`);
      await writeFile(file, madeUpSnapshot(seed));
      await assertAgree(file);
    }
  });
});
