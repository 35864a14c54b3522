// Compiles the native part: one addon for a Node ABI, and the darkroom, the program that restores an image. Plain compiler
// calls, because the addon needs what node-gyp does not give: no C++ library and no versioned symbol.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const native = path.join(root, 'packages/image/native');
const capture = path.join(native, 'capture');

/** By Node's name of the processor: the folder of its sources, and its compiler. */
const machines = {
  x64: { folder: 'x86_64', cross: 'x86_64-linux-gnu-', debian: 'g++-x86-64-linux-gnu' },
  arm64: { folder: 'aarch64', cross: 'aarch64-linux-gnu-', debian: 'g++-aarch64-linux-gnu' },
};
export const architectures = Object.keys(machines);
export const supported = process.platform === 'linux' && architectures.includes(process.arch);

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
  // Fortified and stack-protected calls would pull in glibc's own checking functions.
  '-U_FORTIFY_SOURCE',
  '-fno-stack-protector',
];
const c = ['-std=gnu17', ...common];
const cxx = [
  '-std=gnu++20',
  ...common,
  '-fno-exceptions',
  '-fno-rtti',
  '-fno-threadsafe-statics',
  '-Wno-unused-parameter',
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
  '-fno-jump-tables',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-ffile-prefix-map=' + root + '=',
];
/** Flags that only one processor's compiler knows. */
const ofMachine = {
  x64: ['-fcf-protection=none'],
  // Atomics out of line are functions of libgcc's, which is not linked.
  arm64: ['-mno-outline-atomics'],
};

/** Runs one of GCC's or binutils' programs for that processor. */
function run(arch, program, args) {
  const { cross, debian } = machines[arch];
  const [command, wanted] = arch === process.arch ? [program, 'g++'] : [cross + program, debian];
  try {
    execFileSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  } catch (error) {
    if (error.code === 'ENOENT')
      fail(
        `${command} not found: building the native part for ${arch} needs a C and C++ compiler (Debian: apt-get install ${wanted})`,
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

const sourcesIn = (directory, pattern) =>
  readdirSync(directory)
    .filter((name) => pattern.test(name))
    .map((name) => path.join(directory, name));

/** What has debug information stays in the build folder; what is shipped, into containers too, has none. */
function strip(arch, built, target) {
  mkdirSync(path.dirname(target), { recursive: true });
  // Appears when whole: the package may be packed at the same time.
  run(arch, 'strip', ['--strip-debug', '-o', `${built}.stripped`, built]);
  renameSync(`${built}.stripped`, target);
  console.log(`built ${path.relative(root, target)}`);
  return target;
}

function places(arch, name) {
  const platform = `linux-${arch}`;
  return {
    target: path.join(root, 'packages/image/prebuilds', platform, name),
    directory: path.join(native, 'build', platform),
    own: path.join(capture, machines[arch].folder),
  };
}

/** Compiles the addon against a directory that holds node.h, for the processor `arch`; returns the file. */
export function buildAddon(include, arch = process.arch) {
  const abi = define(include, 'node_version.h', 'NODE_MODULE_VERSION');
  const { target, directory, own } = places(arch, `abi-${abi}.node`);
  if (upToDate(target)) return target;
  const objects = path.join(directory, `abi-${abi}`);
  rmSync(objects, { recursive: true, force: true });
  mkdirSync(objects, { recursive: true });
  const compiled = [capture, own]
    .flatMap((sources) => sourcesIn(sources, /\.(c|cc|S)$/))
    .map((source) => {
      const object = path.join(objects, path.basename(source) + '.o');
      const [compiler, flags] = source.endsWith('.cc') ? ['g++', cxx] : ['gcc', c];
      const includes = ['-I', native, '-I', capture, '-I', own, '-isystem', include];
      run(arch, compiler, [...flags, ...ofMachine[arch], ...includes, '-c', source, '-o', object]);
      return object;
    });
  const built = path.join(directory, `abi-${abi}.node`);
  run(arch, 'gcc', [
    '-shared',
    '-nostdlib',
    '-Wl,-z,relro,-z,now',
    '-Wl,--build-id',
    '-o',
    built,
    ...compiled,
  ]);
  return strip(arch, built, target);
}

/** Compiles the darkroom for the processor `arch`; returns the file. */
export function buildDarkroom(arch = process.arch) {
  const { target, directory, own } = places(arch, 'darkroom');
  if (upToDate(target)) return target;
  mkdirSync(directory, { recursive: true });
  const program = path.join(native, 'darkroom');
  const programOwn = path.join(program, machines[arch].folder);
  const built = path.join(directory, 'darkroom');
  run(arch, 'gcc', [
    ...freestanding,
    ...ofMachine[arch],
    ...[native, own, program, programOwn].flatMap((folder) => ['-I', folder]),
    '-nostdlib',
    '-static-pie',
    '-Wl,-z,norelro',
    '-Wl,-z,separate-code',
    '-Wl,--build-id',
    '-Wl,-z,noexecstack',
    '-o',
    built,
    ...[program, programOwn].flatMap((sources) => sourcesIn(sources, /\.(c|S)$/)),
  ]);
  // It moves itself to an address that the image leaves free: anything to relocate would break there.
  const relocations = execFileSync('readelf', ['-rW', built], { encoding: 'utf8' });
  if (!relocations.includes('no relocations')) fail(`${target} must not need relocations:\n${relocations}`);
  return strip(arch, built, target);
}
