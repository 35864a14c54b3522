/**
 * Preloaded into a server under test: the signal handler that dozens of teams write by hand. It logs as the
 * agent does, so that both runs can be followed in the same way.
 */
import { statSync, writeSync } from 'node:fs';
import { writeHeapSnapshot } from 'node:v8';

function log(event: string, fields: Record<string, unknown> = {}): void {
  writeSync(2, `${JSON.stringify({ name: 'handwritten', event, pid: process.pid, ...fields })}\n`);
}

process.on('SIGUSR2', () => {
  if (process.env['ALLOW_HEAP_SNAPSHOT'] !== '1') return;
  log('started');
  const begin = performance.now();
  try {
    const path = writeHeapSnapshot(process.env['AFTERIMAGE_PATH']);
    log('written', { path, bytes: statSync(path).size, totalMs: performance.now() - begin });
  } catch (error) {
    log('failed', { detail: String(error) });
  }
});
