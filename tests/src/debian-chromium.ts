/** Debian's Chromium, for the browser tests; installed when it is missing and this is the superuser's machine. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const program = '/usr/bin/chromium';

/** @throws with what to install, where it is not there and cannot be installed */
export function debianChromium(): string {
  if (existsSync(program)) return program;
  const wanted = `the browser tests need Debian's Chromium (${program}): apt-get install chromium`;
  if (process.geteuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) throw new Error(wanted);
  try {
    aptGet('update');
    aptGet('install', '--yes', '--no-install-recommends', 'chromium');
  } catch (cause) {
    throw new Error(`${wanted} failed`, { cause });
  }
  return program;
}

function aptGet(...args: string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  execFileSync('apt-get', ['--quiet=2', ...args], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 240_000,
  });
}
