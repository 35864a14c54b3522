// node-cache keeps everything forever by default, and these keys contain the time of the request.
import NodeCache from 'node-cache';
import { catalogue, BoundedCache } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const shop = catalogue(15_000);
const exchangeRates = new BoundedCache(2_000);
const quoteCache = new NodeCache({ stdTTL: 0, checkperiod: 0, useClones: false });

function quote(customer, product, at) {
  const key = `${customer}:${product.sku}:${at}`;
  const known = quoteCache.get(key);
  if (known !== undefined) return known;
  const lines = product.priceBreaks.map(({ from, unitPrice }) => ({
    from,
    unitPrice: unitPrice * 1.19 + at / 1e9,
  }));
  const fresh = { customer, sku: product.sku, lines, validUntil: new Date(at + 3600_000) };
  exchangeRates.set(at, { rate: 1 + at / 1e9 });
  quoteCache.set(key, fresh);
  return fresh;
}

await drive({
  kind: 'node-cache with keys that never repeat',
  culprit: 'quoteCache',
  perPhase: 2_000,
  step: (number) => quote(number % 300, shop.at(number), number),
});
