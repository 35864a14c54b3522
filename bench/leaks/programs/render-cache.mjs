// The page cache has a time to live but neither `max` nor `ttlAutopurge`: lru-cache then drops an expired
// page only on the next request for it, and no search result is requested twice.
import { LRUCache } from 'lru-cache';
import { catalogue, assets } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const shop = catalogue(18_000);
const files = assets(40, 100_000);
const renderedSearches = new LRUCache({ ttl: 60_000, ttlAutopurge: false });

function search(query) {
  const cached = renderedSearches.get(query);
  if (cached) return cached;
  const hits = Array.from({ length: 6 }, (_, n) => shop.at(query.length * 31 + n));
  const page = {
    etag: `"${query}"`,
    logo: files.get('/static/amber-0.png').length,
    rows: hits.map((hit, rank) => ({ rank, sku: hit.sku, score: rank / 7 })),
  };
  renderedSearches.set(query, page);
  return page;
}

await drive({
  kind: 'lru-cache without a limit',
  culprit: 'renderedSearches',
  perPhase: 2_000,
  step: (number) => search(`bolt m${number % 40} length ${number}`),
});
