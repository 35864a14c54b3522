/** The Node versions that every capture is tested on, installed by npm next to the tests. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface NodeBinary {
  major: 20 | 22 | 24 | 26;
  /** Without the `v`. */
  version: string;
  path: string;
  /** That it needs, by their places in a container; where they are not told, those that `ldd` names. */
  libraries?: Record<string, string>;
  /** What it needs in its environment to run on this machine. */
  env?: Record<string, string>;
}

/** Majors to test on, from `TEST_NODES=20,24`; null where it is not set. */
const wanted = process.env['TEST_NODES']?.split(',').map(Number) ?? null;

/** Each supported version, or those of `TEST_NODES`. */
export const nodes: readonly NodeBinary[] = ([20, 22, 24, 26] as const)
  .filter((major) => wanted?.includes(major) ?? true)
  .map(nodeBinary);

/** The oldest and the newest, for tests of what no V8 does differently; or those of `TEST_NODES`. */
export const outerNodes: readonly NodeBinary[] = wanted === null ? [nodeBinary(20), nodeBinary(26)] : nodes;

/**
 * The newest, for tests of what the version hardly touches: those that name none run on the Node that runs the tests, in CI the
 * oldest. Or those of `TEST_NODES`.
 */
export const newestNodes: readonly NodeBinary[] = wanted === null ? [nodeBinary(26)] : nodes;

/** Each Node's ABI: `process.versions.modules`. */
export const abis = [
  [20, 115],
  [22, 127],
  [24, 137],
  [26, 147],
] as const;

export function nodeOf(node: NodeBinary['major'] | NodeBinary): NodeBinary {
  if (typeof node === 'object') return node;
  return nodes.find(({ major }) => major === node) ?? nodeBinary(node);
}

function nodeBinary(major: NodeBinary['major']): NodeBinary {
  const require = createRequire(import.meta.url);
  const manifest = fileURLToPath(new URL(`../node_modules/node${major}/package.json`, import.meta.url));
  const { version } = require(manifest) as { version: string };
  return { major, version, path: join(dirname(manifest), 'bin/node') };
}
