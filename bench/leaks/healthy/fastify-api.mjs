// An API with fastify: schemas, hooks, decorated requests, plugins, and clients over kept connections.
import Fastify from 'fastify';
import { Agent, request } from 'undici';
import { userTable, RingBuffer } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const users = userTable(9_000);
const audit = new RingBuffer(500);
const api = Fastify({ logger: false });
api.decorateRequest('user', null);
api.addHook('onRequest', async (call) => {
  call.user = users.get(Number(call.headers['x-user']));
});
api.addHook('onResponse', async (call, reply) => audit.push({ url: call.url, status: reply.statusCode }));
await api.register(async (scope) => {
  const row = { type: 'object', properties: { id: { type: 'number' }, email: { type: 'string' } } };
  scope.get('/users/:id', { schema: { response: { 200: row } } }, async ({ params }) => {
    const user = users.get(Number(params.id));
    if (!user) throw Object.assign(new Error('no such user'), { statusCode: 404 });
    return user;
  });
  const body = { type: 'object', required: ['note'], properties: { note: { type: 'string' } } };
  scope.post('/notes', { schema: { body } }, async ({ body: { note }, user }) => ({
    note,
    by: user.email,
  }));
});
const origin = await api.listen({ port: 0, host: '127.0.0.1' });
const dispatcher = new Agent({ connections: 5 });

async function call(path, user, body) {
  const headers = { 'x-user': String(user), 'content-type': 'application/json' };
  const method = body === undefined ? 'GET' : 'POST';
  const answer = await request(`${origin}${path}`, { method, headers, body, dispatcher });
  return answer.body.json();
}

await drive({
  kind: 'API with schemas and hooks',
  perPhase: 120,
  step: async (number) => {
    const reads = Array.from({ length: 4 }, (_, n) => call(`/users/${number * 4 + n * 4_000}`, number));
    await Promise.all(reads);
    await call('/notes', number, JSON.stringify(number % 7 === 0 ? {} : { note: `note ${number}` }));
  },
});
