/** The part of autocannon's programmatic interface that the load uses. */
declare module 'autocannon' {
  import type { EventEmitter } from 'node:events';

  interface Request {
    method: string;
    path: string;
    headers?: Record<string, string>;
    body?: string;
  }

  interface Options {
    url: string;
    connections: number;
    /** Requests a second, over all connections. */
    overallRate: number;
    /** Seconds. */
    duration: number;
    /** Seconds after which a request counts as failed. */
    timeout: number;
    requests: Request[];
  }

  interface Events {
    response: [client: unknown, statusCode: number, bytes: number, responseMs: number];
    reqError: [error: Error];
  }

  interface Instance extends EventEmitter<Events> {
    stop(): void;
  }

  function autocannon(options: Options, callback: (error: Error | null) => void): Instance;
  export default autocannon;
}
