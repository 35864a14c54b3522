// A new undici Pool is opened for each access token, and tokens are renewed every few minutes: the old pools are
// never closed, each with its clients and its queue.
import { Pool } from 'undici';
import { library, BoundedCache } from '../bystanders.cjs';
import { drive, upstream } from '../stage.cjs';

const manuals = library(1_200, 10_000);
const answers = new BoundedCache(400);
const origin = `http://127.0.0.1:${await upstream('answering')}`;
const poolByToken = new Map();

function poolFor(token) {
  if (!poolByToken.has(token))
    poolByToken.set(token, new Pool(origin, { connections: 2, keepAliveTimeout: 10 }));
  return poolByToken.get(token);
}

async function ask(token, path) {
  const { body } = await poolFor(token).request({ path, method: 'GET', headers: { authorization: token } });
  answers.set(path, { answer: await body.json(), manual: manuals[path.length].title });
}

await drive({
  kind: 'connection pools, one a token, never closed',
  culprit: 'poolByToken',
  perPhase: 100,
  step: (number) => ask(`Bearer ${number}`, `/parts/${number}`),
});
