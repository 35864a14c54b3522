// express-session with its default MemoryStore: crawlers and health checks send no cookie, so each of their requests
// makes a session that is kept for the cookie's lifetime, which is thirty days.
import http from 'node:http';
import { once } from 'node:events';
import express from 'express';
import session from 'express-session';
import { catalogue, BoundedCache } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const shop = catalogue(20_000);
const rendered = new BoundedCache(300);

const app = express();
app.use(
  session({
    secret: 'keyboard cat',
    resave: false,
    saveUninitialized: true,
    cookie: { maxAge: 30 * 24 * 3600 * 1000 },
  }),
);
app.get('/products/:number', (request, response) => {
  const { number } = request.params;
  const product = shop.at(Number(number));
  request.session.viewed = [...(request.session.viewed ?? []), product, shop.at(Number(number) + 1)];
  const page = `<h1>${product.name}</h1>${JSON.stringify(product)}`;
  rendered.set(number, page);
  response.send(page);
});
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address();
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function visit(path) {
  return new Promise((done, failed) => {
    http.get({ port, path, agent }, (response) => response.resume().on('end', done)).on('error', failed);
  });
}

await drive({
  kind: 'sessions in memory',
  culprit: 'sessions',
  perPhase: 1_500,
  step: (number) => visit(`/products/${number}`),
});
