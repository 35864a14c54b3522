/** Steady HTTP load on a server, by autocannon, with counts that start afresh when asked. */
import autocannon from 'autocannon';

/** What came of the requests since the last `restartCounts`. */
export interface LoadCounts {
  served: number;
  /** No answer in time, connection lost, or a status other than 2xx. */
  failed: number;
  slowestMs: number;
}

export interface HttpLoad {
  counts(): LoadCounts;
  restartCounts(): void;
  stop(): Promise<void>;
}

export interface LoadOptions {
  url: string;
  requests: { method: string; path: string; body?: string }[];
  connections: number;
  requestsPerSecond: number;
}

/** Where a client of a web API gives up. */
export const REQUEST_TIMEOUT_S = 2;
const MAX_S = 1_800;

export function startHttpLoad({ url, requests, connections, requestsPerSecond }: LoadOptions): HttpLoad {
  let counts: LoadCounts = { served: 0, failed: 0, slowestMs: 0 };
  let onEnd: (() => void) | undefined;
  const ended = new Promise<void>((resolve) => (onEnd = resolve));
  const cannon = autocannon(
    {
      url,
      requests,
      connections,
      overallRate: requestsPerSecond,
      duration: MAX_S,
      timeout: REQUEST_TIMEOUT_S,
    },
    () => onEnd?.(),
  );
  cannon.on('response', (_client, statusCode, _bytes, responseMs) => {
    if (statusCode >= 200 && statusCode < 300) counts.served++;
    else counts.failed++;
    counts.slowestMs = Math.max(counts.slowestMs, responseMs);
  });
  cannon.on('reqError', () => counts.failed++);
  return {
    counts: () => ({ ...counts }),
    restartCounts: () => (counts = { served: 0, failed: 0, slowestMs: 0 }),
    stop: async () => {
      cannon.stop();
      await ended;
    },
  };
}
