/** An Express application with sessions in memory, middleware and a router, after some requests. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { appPackage } from './app-package.js';

const REQUESTS = 300;

interface Request {
  session: { views?: number };
  params: Record<string, string>;
  body: unknown;
}
interface Response {
  json(value: unknown): void;
}
type Handler = (request: Request, response: Response) => void;
interface Application {
  use(...handlers: unknown[]): void;
  get(path: string, handler: Handler): void;
  post(path: string, handler: Handler): void;
}
const express = appPackage('express') as { (): Application; json(): unknown };
const session = appPackage('express-session') as (options: object) => unknown;

const items = new Map<string, object>();
const app = express();
app.use(session({ secret: 'kept in memory', resave: false, saveUninitialized: true }));
app.use(express.json());
app.get('/item/:id', ({ session, params }, response) => {
  session.views = (session.views ?? 0) + 1;
  response.json({ views: session.views, item: items.get(params['id'] ?? '') });
});
app.post('/item/:id', ({ params, body }, response) => {
  items.set(params['id'] ?? '', { body, at: new Date() });
  response.json({ items: items.size });
});
const server = createServer(app as never).listen(0, '127.0.0.1', () => void work());

async function work(): Promise<void> {
  const { port } = server.address() as AddressInfo;
  for (let index = 0; index < REQUESTS; index++) {
    const url = `http://127.0.0.1:${port}/item/${index}`;
    const body = JSON.stringify({ index, tags: ['a', 'b'], price: index / 7 });
    await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    await (await fetch(url)).json();
  }
  console.log('ready', items.size);
}
