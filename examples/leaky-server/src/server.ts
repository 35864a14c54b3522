/** A wholesale shop's order server: HTTP API, job queue and Postgres in one process. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadCatalogue } from './catalogue.js';
import { readConfig, type Config } from './config.js';
import { Customers } from './customers.js';
import { Database } from './database.js';
import { itemsOfOrder, STANDING_ORDERS, startFeed } from './feed.js';
import { registerJobs } from './jobs.js';
import { log } from './log.js';
import { MailRelay } from './mail-relay.js';
import { Mailer } from './mailer.js';
import { Metrics } from './metrics.js';
import { Orders } from './orders.js';
import { PriceCache } from './pricing.js';
import { JobQueue } from './queue.js';
import { Router } from './router.js';
import { registerRoutes } from './routes.js';
import { SessionStore } from './sessions.js';

const PRICE_CACHE_SIZE = 30_000;
const SESSION_LIFETIME_MS = 60_000;
const SHUTDOWN_MS = 5_000;

async function main(config: Config): Promise<void> {
  const database = await Database.open(!config.schemaMismatch);
  const customers = await Customers.load(database);
  const catalogue = await loadCatalogue(config.catalogueBytes);
  const prices = new PriceCache(PRICE_CACHE_SIZE);
  const sessions = new SessionStore(SESSION_LIFETIME_MS);
  const metrics = new Metrics();
  const queue = new JobQueue();
  const mailer = new Mailer(new MailRelay());
  const orders = new Orders(database, catalogue, prices, queue);

  orders.warm(
    (index) => customers.find(1 + (index % STANDING_ORDERS)),
    (index) => itemsOfOrder(catalogue, index % STANDING_ORDERS),
  );
  registerJobs(queue, { database, mailer, sessions });

  const router = new Router();
  registerRoutes(router, {
    catalogue,
    customers,
    database,
    mailer,
    metrics,
    orders,
    prices,
    queue,
    sessions,
  });
  const server = createServer(router.listener((route, status, ms) => metrics.record(route, status, ms)));
  server.listen(config.port, config.host, () => {
    const { address, port } = server.address() as AddressInfo;
    log('listening', { address, port, pid: process.pid, products: catalogue.size });
  });
  const stopFeed = startFeed({ catalogue, customers, orders, queue, sessions }, config.ordersPerSecond);

  process.once('SIGTERM', (signal) => {
    log('stopping', { signal });
    stopFeed();
    void shutDown(server, queue, database);
  });
}

/** Lets requests and jobs that run end, at most for a few seconds, and leaves. */
async function shutDown(server: Server, queue: JobQueue, database: Database): Promise<void> {
  setTimeout(() => process.exit(1), SHUTDOWN_MS).unref();
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  await queue.stop();
  await closed;
  await database.close();
  log('stopped');
  process.exit(0);
}

function fail(error: unknown): void {
  log('cannot start', { error: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
}

try {
  await main(readConfig(process.env));
} catch (error) {
  fail(error);
}
