/** `afterimage heap` of heaps that are too big to be read whole, under load. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from '../eventually.js';
import { startLoad } from '../targets/http-load.js';
import { nodes } from '../nodes.js';
import { anyPort, startPlainTarget } from '../targets/plain-target.js';
import { assertNear, classNamed, heapOf, PLANTED, planting } from '../snapshot/planted-heap.js';

describe('a sampled heap, under load', () => {
  for (const node of nodes) {
    it(`Node ${node.version}`, async (t) => {
      const target = await startPlainTarget(t, { node: node.path, flags: [anyPort, '--expose-gc'] });
      await target.run(planting(45));
      await target.run('gc()');
      const load = startLoad(target.port);
      try {
        await eventually(() => assert.ok(load.served > 20, load.failures.join(', ')));
        const heap = await heapOf(target);
        assert.ok(heap.sampledShare !== null && heap.sampledShare < 1);
        const counts = [2_250_000, 900_000, 450_000, 1_350_000];
        for (const [index, name] of PLANTED.entries()) {
          const { count, countMargin, bytesMargin } = classNamed(heap, name);
          const truth = counts[index] ?? 0;
          // On a busy machine less is read in the time there is; twice the margin is four standard deviations.
          assertNear(count, truth, Math.max(0.2, (2 * countMargin) / truth), `count of ${name}`);
          assert.ok(countMargin > 0 && bytesMargin > 0);
        }
      } finally {
        await load.stop();
      }
      assert.deepEqual(load.failures, []);
    });
  }
});
