// A bounded cache that is full from the start, whose entries of changing sizes and keys replace each other
// all the time, and a table that is replaced as a whole.
import { LRUCache } from 'lru-cache';
import { routeTable, BoundedCache, RefreshedTable, RingBuffer } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const routes = routeTable(8_000);
const answers = new LRUCache({ max: 5_000 });
const previews = new BoundedCache(2_000);
const lastRequests = new RingBuffer(4_000);
const prices = new RefreshedTable();

await drive({
  kind: 'bounded cache full of changing entries',
  perPhase: 15_000,
  step: (number) => {
    const rows = Array.from({ length: 1 + (number % 9) }, (_, n) => ({ n, value: number / (n + 1) }));
    answers.set(`${routes[number % 8_000].pattern}?page=${number}`, { rows, at: number });
    previews.set(number, { title: `preview ${number}`, html: '<p>'.repeat(number % 30) });
    lastRequests.push({ number, path: `/api/${number}`, headers: { accept: '*/*', 'x-id': String(number) } });
    if (number % 3_000 === 0) prices.refresh(number, 6_000 + (number % 700));
  },
});
