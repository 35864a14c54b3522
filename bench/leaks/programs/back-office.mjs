// The audit middleware puts the whole koa context in a list that is flushed only once a day; each context
// keeps its request, its response and their sockets' state.
import { once } from 'node:events';
import http from 'node:http';
import Koa from 'koa';
import { configTree, BoundedCache } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const permissions = configTree(4, 12);
const pages = new BoundedCache(200);
const auditTrail = [];

const app = new Koa();
app.use(async (context, next) => {
  auditTrail.push(context);
  await next();
});
app.use((context) => {
  context.state.permission = permissions.amber_0.basalt_1;
  context.body = `<table>${Object.keys(context.state.permission).join()}</table>`;
  pages.set(context.url, context.body);
});
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function visit(path) {
  return new Promise((done, failed) => {
    const { port } = server.address();
    http.get({ port, path, agent }, (response) => response.resume().on('end', done)).on('error', failed);
  });
}

await drive({
  kind: 'array only pushed to (koa contexts)',
  culprit: 'auditTrail',
  perPhase: 400,
  step: (number) => visit(`/orders/${number}`),
});
