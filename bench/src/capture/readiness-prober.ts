/** Asks a server for its readiness as an orchestrator does, and counts the times it was not there. */
import { get } from 'node:http';

/** What came of the probes since the last `restartCounts`. */
export interface ProbeCounts {
  probes: number;
  /** No answer within the timeout, no connection, or a status other than 200. */
  failures: number;
}

export interface ReadinessProber {
  counts(): ProbeCounts;
  restartCounts(): void;
  stop(): void;
}

const EVERY_MS = 250;
/** The default `timeoutSeconds` of a Kubernetes probe. */
const TIMEOUT_MS = 1_000;

export function startReadinessProber(url: string): ReadinessProber {
  let counts: ProbeCounts = { probes: 0, failures: 0 };
  const timer = setInterval(() => {
    // A probe belongs to the counts it began in, however late it ends.
    const mine = counts;
    mine.probes++;
    void probe(url).then((ready) => {
      if (!ready) mine.failures++;
    });
  }, EVERY_MS);
  return {
    counts: () => ({ ...counts }),
    restartCounts: () => (counts = { probes: 0, failures: 0 }),
    stop: () => clearInterval(timer),
  };
}

function probe(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: TIMEOUT_MS }, (response) => {
      response.resume();
      response.on('close', () => resolve(response.statusCode === 200));
    });
    const deadline = setTimeout(() => request.destroy(), TIMEOUT_MS);
    request.on('error', () => resolve(false));
    request.on('close', () => {
      clearTimeout(deadline);
      resolve(false);
    });
  });
}
