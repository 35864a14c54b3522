// Caches that fill during the first two phases and are full in the third: a bounded one for pages, and one by
// currency and country, whose number is limited.
import { LRUCache } from 'lru-cache';
import { catalogue, configTree } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const shop = catalogue(15_000);
const settings = configTree(3, 20);
const pages = new LRUCache({ max: 4_000 });
const priceFormats = new Map();

function priceFormat(country, currency) {
  const key = `${country}/${currency}`;
  if (!priceFormats.has(key)) {
    priceFormats.set(key, {
      country,
      currency,
      digits: 2,
      pattern: `¤ #,##0.00 ${key}`,
      owner: settings.amber_0,
    });
  }
  return priceFormats.get(key);
}

function page(number) {
  const key = `product ${number % 9_000}`;
  const known = pages.get(key);
  if (known) return known;
  const { name, listPrice } = shop.at(number);
  const made = {
    name,
    price: listPrice,
    format: priceFormat(number % 40, number % 60),
    blocks: [{ listPrice }, { name }],
  };
  pages.set(key, made);
  return made;
}

await drive({ kind: 'warming caches that settle', perPhase: 2_000, warmUp: 500, step: page });
