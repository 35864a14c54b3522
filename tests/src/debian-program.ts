/** Programs of Debian that tests need; installed when one is missing and this is the superuser's machine. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/**
 * The path of `/usr/bin/NAME`, which the package of the same name brings.
 * @throws with what to install, where it is not there and cannot be installed
 */
export function debianProgram(name: 'age' | 'chromium' | 'podman' | 'runc' | 'strace'): string {
  const program = `/usr/bin/${name}`;
  if (existsSync(program)) return program;
  const wanted = `this test needs Debian's ${name} (${program}): apt-get install ${name}`;
  if (process.geteuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) throw new Error(wanted);
  try {
    aptGet('update');
    aptGet('install', '--yes', '--no-install-recommends', name);
  } catch (cause) {
    throw new Error(`${wanted} failed`, { cause });
  }
  return program;
}

function aptGet(...args: string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // Test files run side by side: whoever comes second waits for the lock.
  execFileSync('apt-get', ['--quiet=2', '-o', 'DPkg::Lock::Timeout=200', ...args], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 240_000,
  });
}
