/** Readiness: whether the server should receive requests. Only inline mode turns it off, before its pause. */
import type { IncomingMessage, ServerResponse } from 'node:http';

const DEFAULT_DRAIN_MS = 30_000;

export interface Readiness {
  /** For the application. */
  isReady: () => boolean;
  /** HTTP handler for `/health/ready`: 200 or 503, and a line of JSON. */
  handler: (request: IncomingMessage, response: ServerResponse) => void;
  /**
   * Returns how long to report unready before the pause, in milliseconds. The default is how long Kubernetes
   * takes to notice with its default settings (three probes, ten seconds apart), but only if readiness has
   * ever been queried.
   */
  drainMs: (configured: number | undefined) => number;
  set: (ready: boolean) => void;
}

export function createReadiness(): Readiness {
  let ready = true;
  let asked = false;
  return {
    isReady: () => {
      asked = true;
      return ready;
    },
    handler: (_request, response) => {
      asked = true;
      const body = ready
        ? { status: 'ready' }
        : { status: 'unready', reason: 'a heap snapshot is being written' };
      response.writeHead(ready ? 200 : 503, {
        'content-type': 'application/json',
        'cache-control': 'no-store',
      });
      response.end(`${JSON.stringify(body)}\n`);
    },
    drainMs: (configured) => configured ?? (asked ? DEFAULT_DRAIN_MS : 0),
    set: (value) => {
      ready = value;
    },
  };
}
