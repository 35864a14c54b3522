/** A hundred captures in a row under load, on each Node version and one of musl; DevTools opens every one of them. */
import { describe, it } from 'node:test';
import { assertShowsWhatWasPlanted, captureUnderLoad } from '../command/capture-series.js';
import { nodeForMusl } from '../image/node-for-musl.js';
import { nodes, type NodeBinary } from '../nodes.js';
import { temporaryDirectory } from '../temporary-directory.js';
import { PATIENCE_MS } from '../patience.js';

const captures = Number(process.env.SOAK_CAPTURES ?? 100);

describe(`${captures} captures under load`, { concurrency: 2 }, () => {
  const test = (name: string, nodeToTest: () => NodeBinary): Promise<void> =>
    it(name, { timeout: (1 + captures) * PATIENCE_MS }, async (t) => {
      const snapshots = await captureUnderLoad(nodeToTest(), captures, await temporaryDirectory(t));
      for (const snapshot of snapshots) await assertShowsWhatWasPlanted(snapshot);
    });
  for (const node of nodes) void test(`Node ${node.version}`, () => node);
  void test('Node.js built for musl', nodeForMusl);
});
