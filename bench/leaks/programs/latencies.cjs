// The recorder keeps each sample for its percentiles; its `max` is the longest time so far, and bounds nothing.
const { catalogue, BoundedCache } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const shop = catalogue(10_000);
const answers = new BoundedCache(300);

class LatencyRecorder {
  constructor() {
    this.min = Infinity;
    this.max = 0;
    this.sum = 0;
    this.samples = [];
  }

  record(ms, route) {
    this.min = Math.min(this.min, ms);
    this.max = Math.max(this.max, ms);
    this.sum += ms;
    this.samples.push({ ms, route });
  }
}

const checkoutLatency = new LatencyRecorder();

function checkout(number) {
  answers.set(number, { deal: shop.at(number).sku });
  checkoutLatency.record((number % 97) + 0.5, `/checkout/${number}`);
}

drive({
  kind: 'samples kept for statistics',
  culprit: 'checkoutLatency',
  perPhase: 3_000,
  step: checkout,
});
