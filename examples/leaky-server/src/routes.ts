/** The HTTP API: articles, quotes, sessions, orders, health and metrics. */
import type { Catalogue } from './catalogue.js';
import type { Customer, Customers } from './customers.js';
import type { Database } from './database.js';
import type { Mailer } from './mailer.js';
import type { Metrics } from './metrics.js';
import { InvalidOrder, type Item, type Order, type Orders } from './orders.js';
import type { PriceCache } from './pricing.js';
import type { JobQueue } from './queue.js';
import { HttpError, type Request, type Router } from './router.js';
import type { Session, SessionStore } from './sessions.js';

const READY_TIMEOUT_MS = 800;
const SEARCH_LIMIT = 20;

export interface RouteParts {
  catalogue: Catalogue;
  customers: Customers;
  database: Database;
  mailer: Mailer;
  metrics: Metrics;
  orders: Orders;
  prices: PriceCache;
  queue: JobQueue;
  sessions: SessionStore;
}

export function registerRoutes(router: Router, parts: RouteParts): void {
  registerShop(router, parts);
  registerOrders(router, parts);
  registerOperations(router, parts);
}

function registerShop(router: Router, { catalogue, customers, prices, sessions }: RouteParts): void {
  router.on('GET', '/products', ({ query }) => {
    const words = (query.get('q') ?? '').split(' ').filter((word) => word !== '');
    return { body: catalogue.search(words, SEARCH_LIMIT) };
  });

  router.on('GET', '/products/:sku', ({ parameters }) => ({ body: product(catalogue, parameters['sku']) }));

  router.on('GET', '/quotes/:customer/:sku', ({ parameters, query }) => {
    const customer = customerOf(customers, parameters['customer']);
    const quantity = Math.max(1, Math.trunc(Number(query.get('quantity') ?? 1)) || 1);
    return { body: prices.quote(customer, product(catalogue, parameters['sku']), quantity) };
  });

  router.on('POST', '/sessions', async (request) => {
    const { customer } = await request.json();
    const session = sessions.open(customerOf(customers, customer));
    return { status: 201, body: { token: session.token } };
  });

  router.on('POST', '/basket', async (request) => {
    const session = sessionOf(sessions, request);
    const { sku, quantity } = itemOf(await request.json());
    session.basket.push(prices.quote(session.customer, product(catalogue, sku), quantity));
    return { body: { lines: session.basket.length } };
  });
}

function registerOrders(router: Router, { customers, orders, sessions }: RouteParts): void {
  const place = async (customer: Customer, items: Item[]): Promise<Order> => {
    try {
      return await orders.place(customer, items);
    } catch (error) {
      throw error instanceof InvalidOrder ? new HttpError(422, error.message) : error;
    }
  };

  router.on('POST', '/orders', async (request) => {
    const { customer, items } = await request.json();
    if (!Array.isArray(items)) throw new HttpError(400, 'items: expected an array of { sku, quantity }');
    const order = await place(customerOf(customers, customer), items.map(itemOf));
    return { status: 201, body: summary(order) };
  });

  router.on('POST', '/checkout', async (request) => {
    const session = sessionOf(sessions, request);
    const order = await place(session.customer, session.basket);
    sessions.close(session.token);
    return { status: 201, body: summary(order) };
  });

  router.on('GET', '/orders/:id', ({ parameters }) => {
    const order = orders.find(Number(parameters['id']));
    if (!order) throw new HttpError(404, `no recent order ${parameters['id'] ?? ''}`);
    return {
      body: { ...summary(order), lines: order.lines.map(({ quantity, total }) => ({ quantity, total })) },
    };
  });
}

function registerOperations(router: Router, parts: RouteParts): void {
  const { database, mailer, metrics, orders, prices, queue, sessions } = parts;

  router.on('GET', '/health/live', () => ({ body: { status: 'ok' } }));

  router.on('GET', '/health/ready', async () => {
    try {
      await database.ping(READY_TIMEOUT_MS);
      return { body: { status: 'ready' } };
    } catch (error) {
      return { status: 503, body: { status: 'not ready', reason: String(error) } };
    }
  });

  router.on('GET', '/metrics', () => ({
    body: {
      uptimeSeconds: Math.round(process.uptime()),
      memory: process.memoryUsage(),
      queue: queue.depth,
      orders: { placed: orders.placed },
      mail: mailer.figures,
      sessions: { open: sessions.size },
      prices: { size: prices.size, hits: prices.hits, misses: prices.misses },
      routes: metrics.routes(),
    },
  }));

  router.on('GET', '/jobs/failed', () => ({
    body: queue.failures(20).map(({ job, error, failedAt }) => ({
      id: job.id,
      type: job.type,
      attempts: job.attempts,
      failedAt,
      error: String(error.cause),
    })),
  }));
}

function product(catalogue: Catalogue, sku = ''): ReturnType<Catalogue['at']> {
  const found = catalogue.find(sku);
  if (!found) throw new HttpError(404, `no article ${sku}`);
  return found;
}

function customerOf(customers: Customers, id: unknown): Customer {
  const found = customers.find(Number(id));
  if (!found) throw new HttpError(404, `no customer ${String(id)}`);
  return found;
}

function itemOf(value: unknown): Item {
  const { sku, quantity } = Object(value) as Partial<Item>;
  return { sku: String(sku), quantity: Number(quantity) };
}

function sessionOf(sessions: SessionStore, { headers }: Request): Session {
  const session = sessions.find(headers.authorization?.replace('Bearer ', '') ?? '');
  if (!session) throw new HttpError(401, 'sign in first: POST /sessions');
  return session;
}

function summary(order: Order): Record<string, unknown> {
  const { id, customer, lines, total, status, placedAt } = order;
  return { id, customer: customer.id, lineCount: lines.length, total, status, placedAt };
}
