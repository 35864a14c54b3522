/** What tests need of Debian; installed when it is missing and this is the superuser's machine. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cached } from '../cached.js';
import { PATIENCE_MS } from '../patience.js';

type DebianPackage =
  | 'g++-aarch64-linux-gnu'
  | 'libdevmapper1.02.1'
  | 'musl-tools'
  | 'qemu-system-common'
  | 'qemu-system-x86'
  | 'qemu-user'
  | Program;
type Program = 'age' | 'chromium' | 'podman' | 'runc' | 'strace';

/**
 * The path of `/usr/bin/NAME`, which the package of the same name brings.
 * @throws with what to install, where it is not there and cannot be installed
 */
export function debianProgram(name: Program): string {
  return debianFile(name, `/usr/bin/${name}`);
}

/**
 * The package that one stands for which has no files of its own, and a name that changes with each version.
 * @param prefix of the name that is looked for
 * @throws where apt's lists do not have it
 */
export function debianDependency(name: string, prefix: string): string {
  const listed = execFileSync('apt-cache', ['depends', name], { encoding: 'utf8', timeout: PATIENCE_MS });
  const found = new RegExp(`Depends: (${prefix}\\S+)`).exec(listed)?.[1];
  if (found === undefined) throw new Error(`this machine's apt knows no ${name}, which Debian has`);
  return found;
}

/**
 * The path of a file that a package brings.
 * @throws with what to install, where it is not there and cannot be installed
 */
export function debianFile(name: DebianPackage, file: string): string {
  if (existsSync(file)) return file;
  const wanted = `this test needs Debian's ${name} (${file}): apt-get install ${name}`;
  if (process.geteuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) throw new Error(wanted);
  try {
    aptGet(['update']);
    aptGet(['install', '--yes', '--no-install-recommends', name]);
  } catch (cause) {
    throw new Error(`${wanted} failed`, { cause });
  }
  return file;
}

/**
 * A directory in which packages lie as in a root of their own, fetched once: for what would be in the way of another
 * package, or of the machine itself, where it is installed.
 * @param packages called when they are fetched, with apt's lists up to date
 * @throws with what was wanted, where it cannot be fetched
 */
export function debianUnpacked(name: string, packages: () => readonly string[]): string {
  return cached(`debian-${name}`, (directory) => {
    try {
      aptGet(['update']);
      aptGet(['download', ...packages()], directory);
    } catch (cause) {
      throw new Error(`this test needs packages of Debian for ${name}: apt-get download failed`, { cause });
    }
    for (const file of readdirSync(directory).map((entry) => path.join(directory, entry))) {
      execFileSync('dpkg-deb', ['--extract', file, directory], { timeout: PATIENCE_MS });
      rmSync(file);
    }
  });
}

function aptGet(args: readonly string[], cwd?: string): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // Test files run in parallel: the second one waits. apt-get itself waits for only one of its two locks.
  const command = ['apt-get', '--quiet=2', '-o', 'DPkg::Lock::Timeout=200', ...args];
  execFileSync('flock', ['--timeout', '240', path.join(tmpdir(), 'afterimage-apt.lock'), ...command], {
    cwd,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 480_000,
  });
}
