// memlab's heap analysis: node memlab.mjs FILE
// Loads the file, which computes dominators and retained sizes, and prints the 20 classes with the largest
// nodes, with the summed sizes of their topmost nodes in the dominator tree.
import core from '@memlab/core';
import analysis from '@memlab/heap-analysis';

const heap = await analysis.getFullHeapFromFile(process.argv[2]);
const classes = new Map();
heap.nodes.forEach((node) => {
  const name = node.type === 'object' || node.type === 'native' ? node.name : `(${node.type})`;
  let row = classes.get(name);
  if (!row) classes.set(name, (row = { name, count: 0, shallow: 0, largest: 0, ids: [] }));
  row.count++;
  row.shallow += node.self_size;
  row.largest = Math.max(row.largest, node.retainedSize);
  row.ids.push(node.id);
});
const rows = [...classes.values()].sort((one, other) => other.largest - one.largest).slice(0, 20);
for (const { name, count, shallow, ids } of rows) {
  let retained = 0;
  const topmost = core.utils.getConditionalDominatorIds(new core.NumericSet(ids), heap, () => true);
  core.utils.applyToNodes(topmost, heap, (node) => (retained += node.retainedSize));
  console.log(retained, shallow, count, name.slice(0, 60));
}
