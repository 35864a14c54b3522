/** `afterimage heap` of a process in a container: the kit reads it there. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { newestNodes } from '../nodes.js';
import { classNamed, PLANTED, planting, type HeapJson } from '../snapshot/planted-heap.js';
import { needsRoot } from '../targets/plain-target.js';
import { assertNothingLeftIn, commandInScene, containerScene } from './namespace-container.js';

for (const node of newestNodes) {
  it(`Node ${node.major}`, { skip: needsRoot }, async (t) => {
    const scene = await containerScene(t, node);
    await scene.target.run(planting(1));
    const { code, stdout, stderr } = await commandInScene(scene, ['heap', 'docker/shop', '--json']);
    assert.deepEqual([code, stderr], [0, '']);
    const heap = JSON.parse(stdout.toString()) as HeapJson & { target: string };
    assert.deepEqual([heap.target, heap.pid, heap.nodeVersion], ['container shop', 1, node.version]);
    assert.ok(heap.heap.usedBytes < heap.heap.limitBytes && heap.resources.length > 0);
    for (const name of PLANTED) classNamed(heap, name);
    await assertNothingLeftIn(scene);

    const other = await commandInScene(scene, ['heap', 'docker/shop', '--pid', '7']);
    assert.equal(other.code, 3);
    assert.match(other.stderr, /^afterimage: container shop has no Node\.js process 7, but 1 \([^\n]+\n$/);
  });
}
