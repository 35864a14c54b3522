/** The path from a root to one node. */
import { retainingPath, type PathStep, type Snapshot } from '@afterimage/snapshot';
import { nodeText } from './node-text.js';

/** Returns only the node itself and no text if nothing leads there. */
export function pathToNode(snapshot: Snapshot, node: number): { path: PathStep[]; pathText: string } {
  const { steps, text } = retainingPath(snapshot, node);
  if (steps.length > 0) return { path: steps, pathText: text };
  return {
    path: [{ edge: '', name: nodeText(snapshot, node), id: snapshot.graph.nodeId[node] }],
    pathText: '',
  };
}
