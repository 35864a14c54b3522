/** A hundred captures in a row under load, on each Node version, and DevTools opens every one of them. */
import { describe, it } from 'node:test';
import { assertShowsWhatWasPlanted, captureUnderLoad } from './capture-series.js';
import { nodes } from './nodes.js';
import { temporaryDirectory } from './temporary-directory.js';

const captures = Number(process.env.SOAK_CAPTURES ?? 100);

describe(`${captures} captures under load`, { concurrency: 2 }, () => {
  for (const node of nodes) {
    it(`Node ${node.version}`, { timeout: 40_000 * captures }, async (t) => {
      const snapshots = await captureUnderLoad(node, captures, await temporaryDirectory(t));
      for (const snapshot of snapshots) await assertShowsWhatWasPlanted(snapshot);
    });
  }
});
