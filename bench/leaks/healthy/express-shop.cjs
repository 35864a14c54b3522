// A shop with express: sessions that end, a page cache that is not full yet, handlers that add and remove listeners.
const http = require('node:http');
const { EventEmitter, once } = require('node:events');
const express = require('express');
const { LRUCache } = require('lru-cache');
const { catalogue, BoundedCache } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const shop = catalogue(9_000);
const sessions = new BoundedCache(300);
const pages = new LRUCache({ max: 2_000 });
const prices = new EventEmitter();
const app = express();

app.use(express.json());
app.use((request, response, next) => {
  const id = request.headers['x-session'];
  if (!sessions.get(id)) sessions.set(id, { id, cart: [], since: Date.now() });
  request.session = sessions.get(id);
  next();
});
app.get('/products/:number', (request, response) => {
  const listener = () => response.setHeader('x-price', 'changed');
  prices.on('change', listener);
  response.on('close', () => prices.off('change', listener));
  const { number } = request.params;
  if (!pages.has(number)) pages.set(number, { html: `<h1>${shop.at(Number(number)).name}</h1>`, number });
  response.send(pages.get(number).html);
});
app.post('/cart', (request, response) => {
  request.session.cart = [...request.session.cart, request.body].slice(-5);
  response.json(request.session.cart);
});
const server = http.createServer(app).listen(0, '127.0.0.1');
const agent = new http.Agent({ keepAlive: true, maxSockets: 6 });

function ask(method, path, number, body) {
  return new Promise((done, failed) => {
    const headers = { 'x-session': `visitor ${number % 700}`, 'content-type': 'application/json' };
    const { port } = server.address();
    const call = http.request({ port, host: '127.0.0.1', method, path, agent, headers }, (response) =>
      response.resume().on('end', done),
    );
    call.on('error', failed).end(body);
  });
}

once(server, 'listening').then(() =>
  drive({
    kind: 'express with a page cache that still fills',
    perPhase: 120,
    warmUp: 120,
    step: async (number) => {
      await Promise.all(
        Array.from({ length: 4 }, (_, n) => ask('GET', `/products/${number * 4 + n}`, number)),
      );
      await ask('POST', '/cart', number, JSON.stringify({ sku: shop.at(number).sku, count: 1 }));
    },
  }),
);
