/** One capture of a server under load, and what it cost: pause, requests, readiness, memory, CPU. */
import { setTimeout as delay } from 'node:timers/promises';
import { createCgroup, CgroupUnavailable, type Cgroup } from './cgroup.js';
import { startHttpLoad, type HttpLoad, type LoadCounts, type LoadOptions } from './http-load.js';
import { startMemorySampler, type ExtraMemory, type MemorySampler } from '../analyze/memory-sampler.js';
import { startReadinessProber, type ProbeCounts, type ReadinessProber } from './readiness-prober.js';
import { startServer, type LogLine, type ServerUnderTest, type StartOptions } from './server-under-test.js';

/** The ways, as what is preloaded into the server; `whole`: an image with all of Node.js's program. */
export const WAYS = {
  image: ['@afterimage/agent/register'],
  whole: ['@afterimage/agent/register'],
  inline: [new URL('./handwritten-handler.js', import.meta.url).href],
} as const;
export type Way = keyof typeof WAYS;

/** A server with everything that watches it. */
export interface Observed {
  server: ServerUnderTest;
  cgroup: Cgroup | undefined;
  load: HttpLoad;
  prober: ReadinessProber;
  memory: MemorySampler;
  close(): Promise<void>;
}

export interface CaptureCost {
  /** `killed`: the server died of it. `cut off`: it took longer than it was given. */
  outcome: 'written' | 'killed' | 'cut off';
  /** The log line that reported the end, if any. */
  line: LogLine | undefined;
  /** Longest time the event loop stood still; a lower bound where the outcome is not `written`. */
  longestPauseMs: number;
  /** From the signal to the end. */
  windowMs: number;
  load: LoadCounts;
  probes: ProbeCounts;
  extra: ExtraMemory;
  /** Highest working set, in bytes. */
  peak: number;
  cpuSeconds: number | undefined;
}

/** Long enough for the answers and probes that a pause held up to come in or to time out. */
const SETTLE_MS = 2_500;
const ANSWER_MS = 10_000;

export interface CgroupOrReason {
  cgroup: Cgroup | undefined;
  /** Why there is none. */
  reason: string | undefined;
}

/** A cgroup for a server of this name, limited to `bytes` where given; or why there can be none here. */
export function tryCgroup(name: string, bytes?: number): CgroupOrReason {
  try {
    const cgroup = createCgroup(`${name}-${process.pid}`);
    if (bytes !== undefined) cgroup.limit(bytes);
    return { cgroup, reason: undefined };
  } catch (error) {
    if (!(error instanceof CgroupUnavailable)) throw error;
    return { cgroup: undefined, reason: error.message };
  }
}

/** Starts the server with load, prober and sampler on it. The cgroup goes with it when it is closed. */
export async function observe(start: StartOptions, load: Omit<LoadOptions, 'url'>): Promise<Observed> {
  const { cgroup } = start;
  const server = await startServer(start).catch(async (error: unknown) => {
    await cgroup?.remove();
    throw error;
  });
  const observed = {
    server,
    cgroup,
    load: startHttpLoad({ url: server.url, ...load }),
    prober: startReadinessProber(`${server.url}/health/ready`),
    memory: startMemorySampler(cgroup),
  };
  const close = async (): Promise<void> => {
    observed.memory.stop();
    observed.prober.stop();
    await observed.load.stop();
    await server.stop();
    await cgroup?.remove();
  };
  return { ...observed, close };
}

/**
 * Sends SIGUSR2 and watches until the file is written, at most `timeoutMs`.
 * @throws {Error} when the capture is refused or fails and the server lives on
 */
export async function measureCapture(observed: Observed, timeoutMs: number): Promise<CaptureCost> {
  const { server, load, prober, memory, cgroup } = observed;
  await server.longestPauseMs(ANSWER_MS);
  load.restartCounts();
  prober.restartCounts();
  memory.restart();
  const cpuBefore = cgroup?.cpuSeconds();
  const begin = performance.now();
  const ending = server.logLine(['written', 'failed', 'refused'], timeoutMs).catch(() => undefined);
  process.kill(server.pid, 'SIGUSR2');
  const line = await ending;
  const windowMs = performance.now() - begin;
  if (line && line.event !== 'written')
    throw new Error(`the capture came to nothing: ${JSON.stringify(line)}`);

  const running = server.running();
  const cpuSeconds = cgroup && cpuBefore !== undefined ? cgroup.cpuSeconds() - cpuBefore : undefined;
  const figures = { line, windowMs, cpuSeconds };
  if (line && running) {
    await delay(SETTLE_MS);
    const longestPauseMs = await server.longestPauseMs(ANSWER_MS);
    return { outcome: 'written', ...figures, longestPauseMs, ...counts(observed) };
  }
  const lost = { outcome: running ? 'cut off' : 'killed', ...figures, longestPauseMs: windowMs } as const;
  const result = { ...lost, ...counts(observed) };
  await server.stop(true);
  return result;
}

function counts({ load, prober, memory }: Observed): Pick<CaptureCost, 'load' | 'probes' | 'extra' | 'peak'> {
  return { load: load.counts(), probes: prober.counts(), extra: memory.extra(), peak: memory.peak() };
}
