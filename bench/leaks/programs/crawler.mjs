// Each page is fetched in a race with the signal to stop; `Promise.race` adds a reaction to the promise of the stop,
// which does not settle while the crawler lives, and each reaction keeps the race and its result.
import { userTable, assets, BoundedCache } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const accounts = userTable(13_000);
const icons = assets(30, 90_000);
const robots = new BoundedCache(800);
const stopping = {};
stopping.requested = new Promise((request) => (stopping.request = request));
process.once('SIGTERM', () => stopping.request());

async function fetchPage(number) {
  await null;
  const account = accounts.get(number % 13_000);
  return {
    url: `https://example.org/${account.id}/${number}`,
    links: Array.from({ length: 8 }, (_, n) => ({ to: `/${number}/${n}`, weight: n / (number + 1) })),
    icon: icons.get('/static/amber-0.png').length,
  };
}

async function crawl(number) {
  const page = await Promise.race([fetchPage(number), stopping.requested]);
  robots.set(page.url, { allowed: true, delay: number % 3 });
}

await drive({
  kind: 'unsettled promise that gathers reactions',
  culprit: 'stopping',
  perPhase: 1_200,
  step: crawl,
});
