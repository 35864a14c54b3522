/** The demo's leaky server: in its own cgroup, under load, with one way of capturing. */
import { fileURLToPath } from 'node:url';
import colors from 'picocolors';
import { measureCapture, observe, tryCgroup, WAYS, type CaptureCost, type Way } from '../capture/cost.js';
import { pass } from './clock.js';
import { duration, size } from '../figures.js';
import { interruption } from '../interruption.js';
import { liveTable } from '../tables.js';

const SERVER = fileURLToPath(new URL('../../../examples/leaky-server/dist/server.js', import.meta.url));
export const LIMIT_BYTES = 2 ** 30;
/** Less than the server's default: to develop and to dump more takes longer than people watch. */
const BALLAST_MB = '60';
const WARM_UP_MS = 2_000;
const ANSWER_MS = 10_000;

/** Mostly reading, as shops are; one request in two hundred is an order. */
const LOAD = {
  connections: 20,
  requestsPerSecond: 200,
  requests: Array.from({ length: 200 }, (_, number) => {
    const sku = `A${String((number * 37) % 2_000).padStart(7, '0')}`;
    if (number === 100) {
      const body = JSON.stringify({ customer: 17, items: [{ sku, quantity: 5 }] });
      return { method: 'POST', path: '/orders', body };
    }
    if (number % 2 === 0)
      return { method: 'GET', path: `/quotes/${number + 1}/${sku}?quantity=${number + 1}` };
    return { method: 'GET', path: `/products/${sku}` };
  }),
};

/** A capture, and what else is needed to judge its cost. */
export interface Run {
  cost: CaptureCost;
  /** Longest pause before the capture, in ms: what the server does to itself. */
  ownPauseMs: number;
  /** Whether the server had its own memory limit. */
  limited: boolean;
}

export interface DemoServer {
  /** Prints its memory now and then, `rows` times. */
  watch(rows: number, everyMs: number): Promise<void>;
  /** False where it had no limit. */
  liftLimit(): boolean;
  /** Sends the signal and returns the outcome; stops what is not done after `timeoutMs`. */
  capture(timeoutMs: number): Promise<Run>;
  close(): Promise<void>;
}

/**
 * Starts the server and waits until it is warm.
 * @param path of the snapshot that the signal asks for
 */
export async function startDemoServer(way: Way, path: string): Promise<DemoServer> {
  const { cgroup, reason } = tryCgroup('afterimage-demo', LIMIT_BYTES);
  const env = {
    ALLOW_HEAP_SNAPSHOT: '1',
    AFTERIMAGE_PATH: path,
    // Without a limit the agent would develop on the same machine, and its memory could not be distinguished
    // from the server's.
    AFTERIMAGE_DEVELOP: cgroup ? 'auto' : 'never',
    AFTERIMAGE_STORE_PLAIN_IMAGE: '1',
    BALLAST_MB,
    PORT: '0',
  };
  const observed = await observe({ program: SERVER, preload: [...WAYS[way]], env, cgroup }, LOAD);
  const { server } = observed;
  const stopNow = (): void => void server.stop();
  interruption.signal.addEventListener('abort', stopNow);
  const close = async (): Promise<void> => {
    interruption.signal.removeEventListener('abort', stopNow);
    await observed.close();
  };
  console.log(
    `pid ${server.pid}, ${LOAD.requestsPerSecond} requests a second, ` +
      (cgroup ? `memory limit 1 GiB (${cgroup.directory})` : `no memory limit: ${reason ?? ''}`),
  );
  try {
    await pass(WARM_UP_MS);
    await server.longestPauseMs(ANSWER_MS); // of its start, which is not of interest
  } catch (error) {
    await close();
    throw error;
  }
  return {
    watch: async (rows, everyMs) => {
      const table = liveTable('T+', 'RSS', ...(cgroup ? ['cgroup memory'] : []));
      for (let row = 0; row < rows; row++) {
        if (row > 0) await pass(everyMs);
        const memory = cgroup ? [size(cgroup.memory().workingSet)] : [];
        table.row(`${(row * everyMs) / 1000} s`, size(server.rssBytes()), ...memory);
      }
    },
    liftLimit: () => {
      cgroup?.limit(Infinity);
      return cgroup !== undefined;
    },
    capture: async (timeoutMs) => {
      const ownPauseMs = await server.longestPauseMs(ANSWER_MS);
      console.log(`\n${colors.bold(`$ kill -USR2 ${server.pid}`)}`);
      const cost = await measureCapture(observed, timeoutMs);
      interruption.signal.throwIfAborted();
      report(cost);
      return { cost, ownPauseMs, limited: cgroup !== undefined };
    },
    close,
  };
}

/** What the server's log said, without the fields that are of no use here. */
function report({ outcome, line, windowMs }: CaptureCost): void {
  if (line) {
    const { name, event, pid, kind, path, bytes, pauseMs, captureMs, totalMs, why } = line;
    console.log(JSON.stringify({ name, event, pid, kind, path, bytes, pauseMs, captureMs, totalMs }));
    if (typeof why === 'string') console.log(colors.dim(`an image, because ${why}`));
  } else if (outcome === 'killed')
    console.log(colors.red(`the server was killed after ${duration(windowMs)}`));
  if (outcome === 'cut off') console.log(colors.red(`not done after ${duration(windowMs)}: stopped`));
}
