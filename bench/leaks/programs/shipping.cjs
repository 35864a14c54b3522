// lodash.memoize uses the first argument alone as the key, and here that is a new object for each call: every basket
// is remembered with its result, and none is ever found again.
const { memoize } = require('lodash');
const { catalogue, RingBuffer } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const shop = catalogue(21_000);
const offered = new RingBuffer(600);

const shippingCost = memoize((basket) => {
  const grams = basket.lines.reduce(
    (sum, { quantity, sku }) => sum + quantity * shop.bySku.get(sku).stock,
    0,
  );
  return { parcel: grams > 1_000 ? 'L' : 'S', price: 4.9 + grams / 1_000, currency: 'EUR' };
});

function checkOut(number) {
  const lines = Array.from({ length: 7 }, (_, n) => ({ sku: shop.at(number + n).sku, quantity: 1 + n / 2 }));
  offered.push({ number, cost: shippingCost({ customer: number, lines }) });
}

module.exports = { checkOut, shippingCost };

drive({
  kind: 'memoised function keyed by objects (lodash.memoize)',
  culprit: 'shippingCost',
  perPhase: 1_500,
  step: checkOut,
});
