// Redis is away and ioredis keeps every command until it comes back: the offline queue has no limit, and the promise
// of each command waits with it.
const Redis = require('ioredis');
const { catalogue, RingBuffer } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const shop = catalogue(17_000);
const lastCarts = new RingBuffer(400);
const redis = new Redis({
  host: '127.0.0.1',
  port: 1,
  maxRetriesPerRequest: null,
  retryStrategy: () => 3_000,
});
redis.on('error', () => undefined);

function addToCart(number) {
  const product = shop.at(number);
  lastCarts.push({ number, sku: product.sku });
  redis.hset(`cart:${number}`, { sku: product.sku, name: product.name, quantity: 1 + (number % 4) });
}

module.exports = { addToCart };

drive({
  kind: 'offline queue of commands (ioredis)',
  culprit: 'offlineQueue',
  perPhase: 1_000,
  step: async (number) => {
    addToCart(number);
    if (number % 100 === 0) await new Promise(setImmediate);
  },
});
