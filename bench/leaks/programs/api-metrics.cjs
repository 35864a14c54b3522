// The request histogram is labeled with the raw path, ids and all, instead of the route: one time series for each
// order there ever was.
const client = require('prom-client');
const { routeTable, configTree, BoundedCache } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const routes = routeTable(12_000);
const config = configTree(3, 20);
const responses = new BoundedCache(1_000);
const registry = new client.Registry();
const requestSeconds = new client.Histogram({
  name: 'http_request_duration_seconds',
  help: 'Time to answer',
  labelNames: ['method', 'path', 'status'],
  registers: [registry],
});

function handle(method, path) {
  const stop = requestSeconds.startTimer({ method, path });
  const route = routes.find((candidate) => candidate.method === method);
  responses.set(path, { pattern: route.pattern, owner: config.amber_0.basalt_1.cedar_2.owner });
  stop({ status: 200 });
}

module.exports = { handle };

drive({
  kind: 'metrics registry with exploding labels',
  culprit: 'hashMap',
  perPhase: 1_500,
  step: async (number) => {
    handle('GET', `/orders/${number}`);
    if (number % 500 === 0) await registry.metrics();
  },
});
