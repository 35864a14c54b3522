/**
 * Our reader, as a program:
 *   node analyze-ours.js FILE [graph]
 * Loads the file, works out dominators and retained sizes, and prints the 20 largest classes; or only the graph.
 */
import { openSnapshot } from '@afterimage/snapshot';

const [file, part] = process.argv.slice(2) as [string, string?];
const parts = part === 'graph' ? 'graph' : 'all';
const snapshot = await openSnapshot(file, { parts });
if (parts === 'graph') {
  console.log(snapshot.graph.nodeCount, snapshot.graph.edgeCount);
} else {
  const rows = [...snapshot.classes()].sort((one, other) => other.retainedBytes - one.retainedBytes);
  for (const { name, count, shallowBytes, retainedBytes } of rows.slice(0, 20)) {
    console.log(retainedBytes, shallowBytes, count, name.slice(0, 60));
  }
}
