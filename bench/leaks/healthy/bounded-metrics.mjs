// Metrics with few labels: routes, methods and states that all have been seen soon.
import { performance, PerformanceObserver } from 'node:perf_hooks';
import { Counter, Histogram, Registry, Summary } from 'prom-client';
import { routeTable, terrain } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const routes = routeTable(6_000);
const grid = terrain(30, 96);
const register = new Registry();
const requests = new Counter({
  name: 'requests',
  help: 'r',
  labelNames: ['route', 'status'],
  registers: [register],
});
const seconds = new Histogram({ name: 'seconds', help: 's', labelNames: ['route'], registers: [register] });
const sizes = new Summary({
  name: 'sizes',
  help: 'z',
  maxAgeSeconds: 60,
  ageBuckets: 3,
  registers: [register],
});
let observed = 0;
new PerformanceObserver((list) => (observed += list.getEntries().length)).observe({
  entryTypes: ['measure'],
});

await drive({
  kind: 'metrics with few labels, marks that are cleared',
  perPhase: 1_200,
  step: async (number) => {
    const route = routes[number % 25].pattern;
    performance.mark('begin');
    requests.inc({ route, status: String(200 + (number % 4)) });
    seconds.observe({ route }, grid[number % 30].heights[number % 900]);
    sizes.observe(number % 5_000);
    performance.measure('request', 'begin');
    performance.clearMarks();
    performance.clearMeasures();
    if (number % 100 === 0) await register.metrics();
    if (number % 50 === 0) await new Promise(setImmediate);
  },
});
if (observed === 0) throw new Error('nothing was observed');
