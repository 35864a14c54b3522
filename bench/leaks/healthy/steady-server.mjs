// A server with steady traffic: sessions that expire and are swept, timers that are cleared, listeners that are
// removed, contexts that end with their request, and the same number of clients all the time.
import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter, once } from 'node:events';
import http from 'node:http';
import { userTable, translations } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const users = userTable(11_000);
const texts = translations(['en', 'fi'], 12_000);
const context = new AsyncLocalStorage();
const prices = new EventEmitter();
const sessions = new Map();
const LIFETIME = 600;
let clock = 0;

function sweep() {
  for (const [id, { until }] of sessions) if (until < clock) sessions.delete(id);
}

const server = http.createServer((request, response) => {
  context.run({ id: clock, user: users.get(clock % 11_000) }, async () => {
    const deadline = setTimeout(() => response.destroy(), 5_000);
    const onPrice = (price) => response.setHeader('x-price', price);
    prices.on('price', onPrice);
    sessions.set(`s${clock}`, {
      until: clock + LIFETIME,
      cart: [clock, clock / 3],
      agent: request.headers['x-agent'],
    });
    await new Promise(setImmediate);
    prices.off('price', onPrice);
    clearTimeout(deadline);
    response.end(`${context.getStore().user.email} ${texts.en['page.amber.0']}`);
  });
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });

function visit(number) {
  return new Promise((done, failed) => {
    const { port } = server.address();
    const headers = { 'x-agent': `client ${number}` };
    http
      .get({ port, path: '/', agent, headers }, (response) => response.resume().on('end', done))
      .on('error', failed);
  });
}

await drive({
  kind: 'server with steady traffic',
  perPhase: 150,
  warmUp: 150,
  step: async (number) => {
    for (let client = 0; client < 8; client++) clock++;
    await Promise.all(Array.from({ length: 8 }, (_, client) => visit(number * 8 + client)));
    if (number % 10 === 0) sweep();
  },
});
