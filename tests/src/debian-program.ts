/** What tests need of Debian; installed when it is missing and this is the superuser's machine. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

type DebianPackage = 'g++-aarch64-linux-gnu' | 'musl-tools' | 'qemu-user' | Program;
type Program = 'age' | 'chromium' | 'podman' | 'runc' | 'strace';

/**
 * The path of `/usr/bin/NAME`, which the package of the same name brings.
 * @throws with what to install, where it is not there and cannot be installed
 */
export function debianProgram(name: Program): string {
  return debianFile(name, `/usr/bin/${name}`);
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
    aptGet('update');
    aptGet('install', '--yes', '--no-install-recommends', name);
  } catch (cause) {
    throw new Error(`${wanted} failed`, { cause });
  }
  return file;
}

function aptGet(...args: string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // Test files run side by side: whoever comes second waits. apt-get itself waits for one of its two locks.
  const command = ['apt-get', '--quiet=2', '-o', 'DPkg::Lock::Timeout=200', ...args];
  execFileSync('flock', ['--timeout', '240', path.join(tmpdir(), 'afterimage-apt.lock'), ...command], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 480_000,
  });
}
