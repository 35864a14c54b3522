/**
 * Finds modules that are loaded repeatedly: an `import()` with a changing query, or a `require()` after the
 * entry in `require.cache` was deleted. Node keeps every copy; the reader needs to know which file they are
 * copies of.
 */
import { typeIndex } from '../graph/graph.js';
import { rawName } from '../graph/names.js';
import type { Snapshot } from '../graph/snapshot.js';
import { pathOfScript } from '../paths/source-positions.js';
import type { Told } from './kinds.js';
import { sampleOf } from './sample.js';

export interface ModuleCopies {
  /** Path of the file, without a query. */
  file: string;
  /** `esm` for modules of `import()`, which are never released. */
  system: 'esm' | 'cjs';
}

/** What Node keeps after `delete require.cache[file]`. */
export const CJS_COPIES: Told = {
  kind: 'modules',
  signs:
    'require() after the entry in require.cache was deleted makes another copy, which the requiring module keeps',
  todo: 'do not delete from require.cache; read what changes as a file, or load it in a worker or process that ends',
};

const MAX_SAMPLED = 40;
const MAX_VISITED = 60;
const MAX_DEPTH = 3;
/** Share of the sample that must be copies of one file. */
const MIN_SHARE = 0.6;

/**
 * Returns the file of which most elements are copies; null if they are not modules, or come from many files.
 */
export function moduleCopies(
  { graph, retains }: Snapshot,
  members: readonly number[],
  path: readonly string[],
): ModuleCopies | null {
  const isOfModules = path.some((name) =>
    /^(Module|ModuleJob|ModuleWrap|LoadCache|ModuleLoader|ResolveCache|SourceTextModule)$/.test(name),
  );
  if (!isOfModules) return null;
  const { firstEdge, edgeTo, edgeType, edgeTypes, edgeName, nodeType, nodeTypes, strings } = graph;
  const property = typeIndex(edgeTypes, 'property');
  const string = typeIndex(nodeTypes, 'string');
  const named = new Set(strings.findAll(['url', 'filename', 'id']).keys());
  const untold = new Set(
    strings.findAll(['__proto__', 'map', 'parent', 'children', '#loader', 'loader']).keys(),
  );
  const sample = sampleOf(members, MAX_SAMPLED);
  const counts = new Map<string, { count: number; isEsm: boolean }>();

  for (const member of sample) {
    const text = urlOf(member);
    if (text === '') continue;
    const isEsm = text.startsWith('file://') || text.startsWith('data:');
    const file = pathOfScript(text);
    const known = counts.get(file) ?? { count: 0, isEsm };
    known.count++;
    counts.set(file, known);
  }
  const best = [...counts].sort((a, b) => b[1].count - a[1].count).at(0);
  if (best === undefined || best[1].count < Math.max(2, MIN_SHARE * sample.length)) return null;
  return { file: best[0], system: best[1].isEsm ? 'esm' : 'cjs' };

  function urlOf(member: number): string {
    const depthOf = new Map([[member, 0]]);
    const queue = [member];
    for (let head = 0; head < queue.length && head < MAX_VISITED; head++) {
      const node = queue[head];
      const depth = depthOf.get(node) ?? 0;
      for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
        const to = edgeTo[edge];
        if (edgeType[edge] !== property || !retains[edge]) continue;
        if (nodeType[to] === string && named.has(edgeName[edge])) {
          const text = rawName(graph, to);
          if (/^file:\/\/|^\/|^[a-zA-Z]:\\/.test(text)) return text;
        }
        if (depth < MAX_DEPTH && !depthOf.has(to) && !untold.has(edgeName[edge])) {
          depthOf.set(to, depth + 1);
          queue.push(to);
        }
      }
    }
    return '';
  }
}
