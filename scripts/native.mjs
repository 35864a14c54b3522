// Compiles the native part of the agent: one addon for a Node ABI, and the developer program. Plain compiler
// calls, because the addon needs what node-gyp does not give: no C++ library and no versioned symbol.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const native = path.join(root, 'packages/agent/native');
const out = path.join(root, 'packages/agent/prebuilds', `${process.platform}-${process.arch}`);
const objects = path.join(native, 'build');

export const supported = process.platform === 'linux' && process.arch === 'x64';

const common = [
  '-O2',
  '-g1',
  '-fPIC',
  '-fvisibility=hidden',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-fno-plt',
  '-ffile-prefix-map=' + root + '=',
];
const c = ['-std=gnu17', ...common];
const cxx = [
  '-std=gnu++20',
  ...common,
  '-fno-exceptions',
  '-fno-rtti',
  '-fno-threadsafe-statics',
  '-Wno-unused-parameter',
  // Fortified and stack-protected calls would pull in glibc's own checking functions.
  '-U_FORTIFY_SOURCE',
  '-fno-stack-protector',
];
const freestanding = [
  '-std=gnu17',
  '-O2',
  '-g1',
  '-fPIE',
  '-ffreestanding',
  '-fno-builtin',
  '-fno-stack-protector',
  '-fvisibility=hidden',
  '-fno-tree-loop-distribute-patterns',
  '-fno-asynchronous-unwind-tables',
  '-fcf-protection=none',
  '-fno-jump-tables',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-ffile-prefix-map=' + root + '=',
];

function run(command, args) {
  try {
    execFileSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  } catch (error) {
    if (error.code === 'ENOENT')
      fail(
        `${command} not found: building the native part needs a C and C++ compiler (Debian: apt-get install g++)`,
      );
    fail(`${command} failed`);
  }
}

export function fail(message) {
  console.error(`build: ${message}`);
  process.exit(1);
}

function newest(directory) {
  let latest = statSync(fileURLToPath(import.meta.url)).mtimeMs;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.name === 'build') continue;
    const file = path.join(directory, entry.name);
    latest = Math.max(latest, entry.isDirectory() ? newest(file) : statSync(file).mtimeMs);
  }
  return latest;
}

const upToDate = (file) => existsSync(file) && statSync(file).mtimeMs > newest(native);

/** Value of a `#define NAME value` in Node's own headers. */
function define(include, file, name) {
  const found = new RegExp(`#define ${name} (\\d+)`).exec(readFileSync(path.join(include, file), 'utf8'));
  return found?.[1] ?? fail(`${path.join(include, file)} does not define ${name}`);
}

/** Compiles the addon against a directory that holds node.h; returns the file. */
export function buildAddon(include) {
  const abi = define(include, 'node_version.h', 'NODE_MODULE_VERSION');
  const target = path.join(out, `abi-${abi}.node`);
  if (upToDate(target)) return target;
  const dir = path.join(objects, `abi-${abi}`);
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  mkdirSync(out, { recursive: true });
  const compiled = readdirSync(native)
    .filter((name) => /\.(c|cc|S)$/.test(name))
    .map((name) => {
      const object = path.join(dir, name + '.o');
      const [compiler, flags] = name.endsWith('.cc') ? ['g++', cxx] : ['gcc', c];
      run(compiler, [...flags, '-isystem', include, '-c', path.join(native, name), '-o', object]);
      return object;
    });
  run('gcc', ['-shared', '-nostdlib', '-Wl,-z,relro,-z,now', '-Wl,--build-id', '-o', target, ...compiled]);
  console.log(`built ${path.relative(root, target)}`);
  return target;
}

/** Compiles the developer program; returns the file. */
export function buildDeveloper() {
  const target = path.join(out, 'developer');
  if (upToDate(target)) return target;
  mkdirSync(objects, { recursive: true });
  mkdirSync(out, { recursive: true });
  const sources = readdirSync(path.join(native, 'developer')).filter((name) => /\.(c|S)$/.test(name));
  run('gcc', [
    ...freestanding,
    '-I',
    native,
    '-nostdlib',
    '-static-pie',
    '-Wl,-z,norelro',
    '-Wl,-z,separate-code',
    '-Wl,--build-id',
    '-Wl,-z,noexecstack',
    '-o',
    target,
    ...sources.map((name) => path.join(native, 'developer', name)),
  ]);
  // It moves itself to an address that the image leaves free: anything to relocate would break there.
  const relocations = execFileSync('readelf', ['-rW', target], { encoding: 'utf8' });
  if (!relocations.includes('no relocations')) fail(`${target} must not need relocations:\n${relocations}`);
  console.log(`built ${path.relative(root, target)}`);
  return target;
}
