// The trace id is cut out of each batch of log lines and remembered; V8 cuts by reference, so each id of 32 letters
// keeps its whole batch.
const { prose, routeTable, catalogue, RingBuffer } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const routes = routeTable(9_000);
const shop = catalogue(7_000);
const batches = new RingBuffer(20);

const traces = { failedTraces: [], total: 0 };

function readBatch(text) {
  const at = text.indexOf('trace=');
  const traceId = text.slice(at + 6, at + 38);
  traces.total++;
  traces.failedTraces.push({ traceId, route: routes[traces.total % routes.length].pattern });
  batches.push({ length: text.length, product: shop.at(traces.total).sku });
}

module.exports = { readBatch, traces };

drive({
  kind: 'large strings kept by sliced ones',
  culprit: 'failedTraces',
  perPhase: 100,
  step: (number) => {
    const id = number.toString(16).padStart(32, 'f');
    readBatch(`${prose(number, 6_000)} trace=${id} ${prose(number + 1e6, 6_000)}`.split('\n')[0]);
  },
});
