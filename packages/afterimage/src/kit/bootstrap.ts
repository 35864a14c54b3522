/**
 * The program with which the container's Node.js starts: identifies itself, reads the kit from its standard
 * input, and runs it. Audit logs show it, so it is short; the kit follows, and all later input belongs to the
 * kit.
 */
import { KIT_GREETING } from '../processes/node-processes.js';

/**
 * Length of its first output line: the greeting, the Node.js version, platform and architecture, padded with
 * spaces.
 */
export const GREETING_BYTES = 64;

/** Number of digits of the kit's length, which comes first. */
export const LENGTH_DIGITS = 12;

export const BOOTSTRAP = [
  // Each thread would get its own malloc arena.
  `process.env.UV_THREADPOOL_SIZE = 1;`,
  `const { stdin, stdout, versions, platform, arch } = process;`,
  `stdout.write(['${KIT_GREETING}', versions.node, platform, arch].join(' ').padEnd(${GREETING_BYTES - 1}) + '\\n');`,
  `let length;`,
  `stdin.on('readable', function read() {`,
  `  length ??= stdin.read(${LENGTH_DIGITS});`,
  `  const kit = length && stdin.read(+length);`,
  `  if (!kit) return;`,
  `  stdin.off('readable', read);`,
  `  const { code, parts } = JSON.parse(require('zlib').gunzipSync(kit));`,
  `  const kitModule = new (require('module'))('afterimage-kit');`,
  `  kitModule._compile(code, 'afterimage-kit');`,
  `  kitModule.exports.run(parts);`,
  `});`,
].join(' ');

/**
 * Like the agent's collector: a small young generation, and a way to collect used chunks; and few threads. An
 * inspector requested by the container's NODE_OPTIONS is turned off, because it would take the target's port.
 */
export const NODE_FLAGS = [
  '--max-semi-space-size=1',
  '--v8-pool-size=0',
  '--single-threaded-gc',
  '--expose-gc',
  '--no-inspect',
  '--input-type=commonjs',
  '-e',
  BOOTSTRAP,
];
