// Rate limits are kept by client address in a Bottleneck.Group whose limiters never time out: one limiter, with its
// queues and its event machinery, for each address ever seen.
import Bottleneck from 'bottleneck';
import { routeTable, library } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const routes = routeTable(8_000);
const errorPages = library(600, 9_000);
const limiters = new Bottleneck.Group({ maxConcurrent: 5, minTime: 0, timeout: 24 * 3600 * 1000 });

async function pass(address, path) {
  return limiters.key(address).schedule(async () => {
    const route = routes.find(({ match }) => match(path));
    return route ?? errorPages[0].title;
  });
}

await drive({
  kind: 'rate limiters, one a client address',
  culprit: 'limiters',
  perPhase: 200,
  step: (number) => pass(`198.51.${number >> 8}.${number & 255}`, `/api/v0/amber${number}/1`),
});
