/** Counts and latencies of requests by route, in fixed space. */

/** Upper bounds of the latency buckets, in ms. */
const BUCKETS = [1, 2, 5, 10, 25, 50, 100, 250, 1000, 5000];

interface RouteFigures {
  requests: number;
  errors: number;
  /** Requests by bucket; the last holds those above the last bound. */
  latency: number[];
}

export class Metrics {
  readonly #routes = new Map<string, RouteFigures>();

  record(route: string, status: number, ms: number): void {
    let figures = this.#routes.get(route);
    if (!figures) {
      figures = { requests: 0, errors: 0, latency: [...BUCKETS, Infinity].map(() => 0) };
      this.#routes.set(route, figures);
    }
    figures.requests++;
    if (status >= 500) figures.errors++;
    const bucket = BUCKETS.findIndex((bound) => ms <= bound);
    const index = bucket === -1 ? BUCKETS.length : bucket;
    figures.latency[index] = (figures.latency[index] ?? 0) + 1;
  }

  /** By route: requests, errors of ours, and how many took longer than each bound. */
  routes(): Record<string, unknown> {
    const byRoute: Record<string, unknown> = {};
    for (const [route, { requests, errors, latency }] of this.#routes) {
      const slowerThanMs: Record<string, number> = {};
      let slower = requests;
      BUCKETS.forEach((bound, index) => {
        slower -= latency[index] ?? 0;
        slowerThanMs[bound] = slower;
      });
      byRoute[route] = { requests, errors, slowerThanMs };
    }
    return byRoute;
  }
}
