/** What a command costs with all that it starts: time, processor time, and the peak of their memory together. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';

export interface Cost {
  ms: number;
  cpuMs: number;
  /** Resident memory of all its processes, in bytes. */
  peakBytes: number;
}

const SAMPLE_MS = 20;
/** USER_HZ in Linux: the unit of times in /proc. */
const TICKS_A_SECOND = 100;
const PAGE_BYTES = 4096;

/**
 * Runs Node with these arguments.
 * @returns its cost, and what it printed
 * @throws {Error} with what it said, when it fails
 */
export async function costOf(args: string[]): Promise<Cost & { output: string }> {
  const started = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let peakBytes = 0;
  let ticks = 0;
  const timer = setInterval(() => {
    const { bytes, used } = sumOf(child.pid ?? 0);
    peakBytes = Math.max(peakBytes, bytes);
    ticks = Math.max(ticks, used);
  }, SAMPLE_MS);
  const [output, problems, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  clearInterval(timer);
  if (code !== 0) throw new Error(`${args.join(' ')} failed: ${problems.trim()}`);
  return { ms: performance.now() - started, cpuMs: (ticks / TICKS_A_SECOND) * 1000, peakBytes, output };
}

/** Of a process and its children; those that have ended count by the time that their parent knows. */
function sumOf(pid: number): { bytes: number; used: number } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim();
    const sums = children === '' ? [] : children.split(' ').map((child) => sumOf(Number(child)));
    // utime, stime, cutime, cstime and rss: proc_pid_stat(5).
    const own = (fields[11] ?? 0) + (fields[12] ?? 0) + (fields[13] ?? 0) + (fields[14] ?? 0);
    return {
      bytes: sums.reduce((sum, { bytes }) => sum + bytes, (fields[21] ?? 0) * PAGE_BYTES),
      used: sums.reduce((sum, { used }) => sum + used, own),
    };
  } catch {
    return { bytes: 0, used: 0 };
  }
}
