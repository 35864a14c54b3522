/** Work that is not caused by requests: orders from the trading partners' feed, and recurring jobs. */
import type { Catalogue } from './catalogue.js';
import type { Customers } from './customers.js';
import { log } from './log.js';
import type { Item, Orders } from './orders.js';
import type { JobQueue } from './queue.js';
import type { SessionStore } from './sessions.js';

/** The partners order the same things again and again. */
export const STANDING_ORDERS = 500;
const EXPIRE_EVERY_MS = 5_000;
const PRUNE_EVERY_MS = 15_000;

export interface FeedParts {
  catalogue: Catalogue;
  customers: Customers;
  orders: Orders;
  queue: JobQueue;
  sessions: SessionStore;
}

/** Starts the feed; the function returned stops it. */
export function startFeed(parts: FeedParts, ordersPerSecond: number): () => void {
  const { customers, orders, queue, sessions } = parts;
  let count = 0;

  const takeOrder = async (): Promise<void> => {
    const number = count++ % STANDING_ORDERS;
    const customer = customers.find(1 + number);
    const items = itemsOfOrder(parts.catalogue, number);
    if (!customer) return;
    const session = sessions.open(customer);
    const order = await orders.place(session.customer, items);
    if (order.id % 3 === 0) sessions.close(session.token);
  };

  const timers = [
    setInterval(() => queue.enqueue('expire sessions', null), EXPIRE_EVERY_MS),
    setInterval(() => queue.enqueue('prune orders', null), PRUNE_EVERY_MS),
  ];
  if (ordersPerSecond > 0) {
    const take = (): void =>
      void takeOrder().catch((error: unknown) => log('feed order refused', { error: String(error) }));
    timers.push(setInterval(take, 1000 / ordersPerSecond));
  }
  return () => timers.forEach((timer) => clearInterval(timer));
}

/** The articles of the nth order: the same for the same number, so that runs can be compared. */
export function itemsOfOrder(catalogue: Catalogue, number: number): Item[] {
  const lines = 30 + (number % 46);
  return Array.from({ length: lines }, (_, line) => ({
    sku: catalogue.at(number * 131 + line * 17).sku,
    quantity: 1 + ((number + line * 5) % 120),
  }));
}
