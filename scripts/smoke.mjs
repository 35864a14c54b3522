// `npm run smoke`: captures a live process of the Node that runs this, with the native part that was built here, and looks for the
// object that it holds in the snapshot. Continuous integration runs it on each Node version and processor.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const command = fileURLToPath(new URL('../packages/afterimage/bin/afterimage.js', import.meta.url));
const TARGET = `
  class SmokeTestShipment { constructor(number) { this.number = number; } }
  globalThis.held = Array.from({ length: 5000 }, (_, number) => new SmokeTestShipment(number));
  setInterval(() => {}, 1000);
  process.stdout.write('ready');`;
const MAX_SECONDS = 120;

const directory = mkdtempSync(join(tmpdir(), 'afterimage-smoke-'));
const target = spawn(process.execPath, ['-e', TARGET], { stdio: ['ignore', 'pipe', 'inherit'] });
try {
  await once(target.stdout, 'data');
  const file = join(directory, 'smoke.heapsnapshot');
  run('capture', String(target.pid), '-o', file);
  if (target.exitCode !== null || target.signalCode !== null) fail('the target ended during the capture');
  const report = run('analyze', file, '--json');
  if (!report.includes('SmokeTestShipment'))
    fail('the snapshot does not show the 5,000 objects of the target');
  console.log(
    `captured Node ${process.version} on ${process.arch}: the target lives, the snapshot shows what it holds`,
  );
} catch (error) {
  fail(error.message);
} finally {
  target.kill('SIGKILL');
  rmSync(directory, { recursive: true });
}

/** Runs a verb of the command; returns what it printed. */
function run(...args) {
  return execFileSync(process.execPath, [command, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: MAX_SECONDS * 1000,
  });
}

function fail(message) {
  console.error(`scripts/smoke.mjs: ${message}`);
  target.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
  process.exit(1);
}
