/** What the queue runs: confirming orders, and keeping the house. */
import type { Database } from './database.js';
import type { Mailer } from './mailer.js';
import type { Order } from './orders.js';
import type { JobQueue } from './queue.js';
import type { SessionStore } from './sessions.js';

const ORDERS_IN_DATABASE = 2_000;

export interface JobParts {
  database: Database;
  mailer: Mailer;
  sessions: SessionStore;
}

export function registerJobs(queue: JobQueue, { database, mailer, sessions }: JobParts): void {
  queue.handle<Order>('confirm order', async ({ payload: order }) => {
    await database.query(
      `insert into confirmations (order_id, recipient, channel) values ($1, $2, 'mail')
         on conflict (order_id) do nothing`,
      [order.id, order.customer.email],
    );
    await database.query(`update orders set status = 'confirmed' where id = $1`, [order.id]);
    order.status = 'confirmed';
    await mailer.confirm(order);
  });

  queue.handle('expire sessions', () => {
    sessions.expire();
    return Promise.resolve();
  });

  queue.handle('prune orders', () => database.prune(ORDERS_IN_DATABASE));
}
