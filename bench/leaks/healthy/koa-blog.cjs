// A blog with koa: middleware, articles rendered into a cache by number that has room for more than there are yet.
const http = require('node:http');
const { once } = require('node:events');
const Koa = require('koa');
const { LRUCache } = require('lru-cache');
const { library, translations } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const articles = library(1_500, 6_000);
const texts = translations(['en', 'sv'], 3_000);
const rendered = new LRUCache({ max: 600, ttl: 3_600_000 });
const app = new Koa();
app.use(async (context, next) => {
  await next();
  context.set('x-length', String(context.length));
});
app.use((context) => {
  const number = Number(context.path.slice(1)) % 1_500;
  let page = rendered.get(number);
  if (!page) {
    const { title, body } = articles[number];
    page = { title, html: `<h1>${title}</h1><p>${body.slice(0, 900)} ${number}</p>`, at: Date.now() };
    rendered.set(number, page);
  }
  context.type = 'html';
  context.body = page.html + texts.en['page.amber.0'];
});
const server = http.createServer(app.callback()).listen(0, '127.0.0.1');
const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });

function read(number) {
  return new Promise((done, failed) => {
    const { port } = server.address();
    http
      .get({ port, host: '127.0.0.1', path: `/${number}`, agent }, (page) => page.resume().on('end', done))
      .on('error', failed);
  });
}

once(server, 'listening').then(() =>
  drive({ kind: 'bounded cache that is not full yet', perPhase: 130, warmUp: 50, step: read }),
);
