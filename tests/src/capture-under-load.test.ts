/** Captures in a row under load cost a server nothing it would notice, on each Node version. */
import { describe, it } from 'node:test';
import { assertShowsWhatWasPlanted, captureUnderLoad } from './capture-series.js';
import { nodes } from './nodes.js';
import { temporaryDirectory } from './temporary-directory.js';

/** Three to warm up, and as many as show a leak of any of what a capture takes; the soak test does more. */
const captures = 8;

describe(`${captures} captures under load`, () => {
  for (const node of nodes) {
    it(`Node ${node.version}`, { timeout: 240_000 }, async (t) => {
      const snapshots = await captureUnderLoad(node, captures, await temporaryDirectory(t));
      await assertShowsWhatWasPlanted(snapshots.at(0) ?? '');
      await assertShowsWhatWasPlanted(snapshots.at(-1) ?? '');
    });
  }
});
