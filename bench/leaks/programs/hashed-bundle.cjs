// The application is a bundle whose file has a hash in its name; it keeps a callback for each quote it ever made.
const { quote } = require('../bundles/checkout-7f3a9c2b1d8e4f60.cjs');
const { catalogue, RingBuffer } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const shop = catalogue(15_000);
const recent = new RingBuffer(400);

drive({
  kind: 'array in a bundle with a hashed name',
  culprit: 'quotes',
  perPhase: 2_000,
  step: (number) => recent.push(quote(number, shop.at(number).sku)),
});
