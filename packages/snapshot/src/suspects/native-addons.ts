/**
 * Finds the native addons that a program has loaded: for what native code holds, V8 knows only "global
 * handles", and the addon is where an engineer must look.
 */
import { typeIndex, type Graph } from '../graph/graph.js';
import { rawName } from '../graph/names.js';
import type { PackageOf } from './packages.js';
import { packageText } from './packages.js';

export interface NativeAddon {
  path: string;
  /** `snappy@7.2.0 (snappy.linux-x64-gnu.node)`. */
  text: string;
}

const IS_ADDON = /^(?:\/|[a-zA-Z]:\\).*\.node$/;
const MAX_NAMED = 4;

/** Finds addons by keys of `require.cache` and file names of modules; those of packages come first. */
export function nativeAddons(graph: Graph, packageOf: PackageOf): NativeAddon[] {
  const {
    nodeCount,
    nodeType,
    nodeTypes,
    nodeName,
    firstEdge,
    edgeName,
    edgeType,
    edgeTypes,
    edgeTo,
    strings,
  } = graph;
  const object = typeIndex(nodeTypes, 'object');
  const property = typeIndex(edgeTypes, 'property');
  const string = typeIndex(nodeTypes, 'string');
  const moduleName = new Set(strings.find('Module'));
  const filename = new Set(strings.find('filename'));
  const found = new Set<string>();
  for (let node = 0; node < nodeCount; node++) {
    if (nodeType[node] !== object || !moduleName.has(nodeName[node])) continue;
    for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
      if (edgeType[edge] !== property || !filename.has(edgeName[edge])) continue;
      if (nodeType[edgeTo[edge]] !== string) continue;
      const path = rawName(graph, edgeTo[edge]);
      if (IS_ADDON.test(path)) found.add(path);
    }
  }
  // Redaction keeps the keys of the cache even if it removes the contents of strings.
  const cache = new Set(strings.find('_cache'));
  for (let edge = 0; edge < graph.edgeCount; edge++) {
    if (edgeType[edge] !== property || !cache.has(edgeName[edge])) continue;
    const modules = edgeTo[edge];
    for (let at = firstEdge[modules]; at < firstEdge[modules + 1]; at++) {
      if (edgeType[at] !== property) continue;
      const path = strings.get(edgeName[at]);
      if (IS_ADDON.test(path)) found.add(path);
    }
  }
  return [...found].map((path) => {
    const owner = packageOf(path);
    const file = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
    return { path, text: owner === null ? path : `${packageText(owner)} (${file})` };
  });
}

/** Returns a few addons in one line; empty if there are none. */
export function addonsText(addons: readonly NativeAddon[]): string {
  const named = addons.slice(0, MAX_NAMED).map(({ text }) => text);
  const left = addons.length - named.length;
  return left > 0 ? `${named.join(', ')} and ${left} more` : named.join(', ');
}
