/**
 * The program that the container's Node.js is started with: says who it is, reads the kit from its standard input, and
 * runs it. It is what an audit log shows, so it is short; the kit comes behind it, and all later input belongs to that.
 */
import { KIT_GREETING } from '../processes/node-processes.js';

/** The first line it writes: the greeting, the Node.js version, its platform and architecture, padded with spaces. */
export const GREETING_BYTES = 64;

/** Digits of the kit's length, which comes first. */
export const LENGTH_DIGITS = 12;

export const BOOTSTRAP = [
  // Each thread has its own share of the C library's memory.
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
 * As for the agent's collector, a small young generation, and the means to sweep spent chunks; and few threads. An
 * inspector that NODE_OPTIONS asks for in the container is not for this process: it would want the target's port.
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
