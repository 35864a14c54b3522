// Compares the reader's analysis of snapshots with that of DevTools' own heap model, node for node:
//   npx tsc -b packages/snapshot tests; node tests/devtools/bundle.mjs   # once, and after changes
//   node tests/devtools/compare.mjs FILE ...
// Prints for each file "equal", or what differs with the first examples and counts; exits with 1 in that case.
import { openSnapshot } from '@afterimage/snapshot';
import { differences } from '../dist/snapshot/devtools-differences.js';
import { loadNodesInDevTools } from '../dist/snapshot/devtools-model.js';

for (const file of process.argv.slice(2)) {
  const theirs = await loadNodesInDevTools(file);
  const started = performance.now();
  const ours = await openSnapshot(file);
  const found = differences(ours, theirs);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${file}: ${theirs.nodes} nodes, ${theirs.classes.length} classes, ours in ${seconds} s`);
  console.log(found.length === 0 ? 'equal' : found.join('\n'));
  if (found.length > 0) process.exitCode = 1;
}
