/** The way from a root to one node. */
import type { PathStep, Snapshot } from '@afterimage/snapshot';
import { nearestRetainers, pathTo } from './nearest.js';

/** The shortest; only the node itself when nothing leads there. */
export function retainingPath(snapshot: Snapshot, node: number): PathStep[] {
  return pathTo(snapshot, nearestRetainers(snapshot), node);
}
