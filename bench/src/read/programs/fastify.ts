/** A Fastify application with schemas, hooks and decorators, after some requests. */
import { appPackage } from './app-package.js';

const REQUESTS = 300;

interface Application {
  decorate(name: string, value: unknown): void;
  addHook(name: string, hook: (request: object) => Promise<void>): void;
  post(path: string, options: object, handler: (request: { body: object }) => Promise<object>): void;
  listen(options: object): Promise<string>;
}
const fastify = appPackage('fastify') as (options?: object) => Application;

const app = fastify();
const kept: object[] = [];
app.decorate('kept', kept);
app.addHook('onRequest', (request) => {
  kept.push(new WeakRef(request));
  return Promise.resolve();
});
const schema = {
  body: { type: 'object', properties: { name: { type: 'string' }, size: { type: 'number' } } },
  response: { 200: { type: 'object', properties: { count: { type: 'number' } } } },
};
app.post('/items', { schema }, ({ body }) => Promise.resolve({ count: kept.push(body) }));
const url = await app.listen({ port: 0, host: '127.0.0.1' });
for (let index = 0; index < REQUESTS; index++) {
  const body = JSON.stringify({ name: `item ${index}`, size: index / 3 });
  await (
    await fetch(`${url}/items`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  ).json();
}
console.log('ready', kept.length);
