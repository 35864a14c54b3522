/** A server's domain: linked classes, indexes, an LRU cache, sessions with listeners, errors, timers, documents. */
import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { pseudoRandom } from './pseudo-random.js';

const CUSTOMERS = 450;
const { below, pick, chance } = pseudoRandom(7);
const nouns = ['crate', 'ledger', 'parcel', 'quay', 'tariff', 'vessel', 'wharf', 'yard'];

class Place {
  readonly position = { latitude: below(180), longitude: below(360) / 3 };
  readonly town = pick(nouns);
  constructor(readonly line: string) {}
}

class Customer {
  readonly orders: Order[] = [];
  readonly tags = new Set([pick(nouns), pick(nouns)]);
  readonly place = new Place(`${below(99)} ${pick(nouns)} road`);
  constructor(
    readonly number: number,
    readonly mail = `person${number}@shop.test`,
  ) {}
}

class Item {
  readonly price = below(10_000) / 100;
  constructor(
    readonly order: Order,
    readonly article: string,
  ) {}
}

class Order {
  readonly placedAt = new Date(1.7e12 + below(1e9));
  readonly items = Array.from({ length: 1 + below(4) }, () => new Item(this, `article ${below(300)}`));
  constructor(readonly customer: Customer) {}
}

class Connection extends EventEmitter {
  last: unknown;
  readonly received = Buffer.alloc(below(80));
  constructor(customer: Customer) {
    super();
    this.on('message', (message) => {
      this.last = { customer, message: message as unknown };
    });
    this.once('close', () => this.removeAllListeners());
  }
}

class ShopError extends Error {
  constructor(
    message: string,
    readonly customer: Customer,
  ) {
    super(message, { cause: new RangeError(`of ${customer.number}`) });
  }
}

interface Entry {
  key: string;
  value: unknown;
  older: Entry | undefined;
  newer: Entry | undefined;
}

function recentlyUsed(): { entries: Map<string, Entry>; add: (key: string, value: unknown) => void } {
  const entries = new Map<string, Entry>();
  let newest: Entry | undefined;
  const add = (key: string, value: unknown): void => {
    const entry: Entry = { key, value, older: newest, newer: undefined };
    if (newest) newest.newer = entry;
    newest = entry;
    entries.set(key, entry);
  };
  return { entries, add };
}

function document(depth: number): Record<string, unknown> {
  const fields = Array.from({ length: 2 + below(4) }, (): [string, unknown] => [
    chance(0.3) ? pick(nouns) + below(150).toString() : pick(nouns),
    depth > 0 && chance(0.5)
      ? document(depth - 1)
      : chance(0.5)
        ? [below(9), below(9) / 7, pick(nouns)]
        : below(1e6),
  ]);
  return Object.fromEntries(fields);
}

function failDeep(depth: number, customer: Customer): never {
  if (depth > 0) failDeep(depth - 1, customer);
  throw new ShopError(`nothing left for ${customer.mail}`, customer);
}

export function build(): unknown {
  const shop = {
    byNumber: new Map<number, Customer>(),
    byMail: Object.create(null) as Record<string, Customer>,
    orders: [] as Order[],
    recent: recentlyUsed(),
    notes: new WeakMap<Customer, object>(),
    connections: [] as Connection[],
    errors: [] as unknown[],
    timers: [] as NodeJS.Timeout[],
    handlers: [] as (() => unknown)[],
    documents: [] as object[],
  };
  for (let number = 0; number < CUSTOMERS; number++) {
    const customer = new Customer(number);
    shop.byNumber.set(number, customer);
    shop.byMail[customer.mail] = customer;
    for (let orders = below(4); orders > 0; orders--) {
      const order = new Order(customer);
      customer.orders.push(order);
      shop.orders.push(order);
    }
    shop.notes.set(customer, { text: `note ${number}` });
    shop.recent.add(
      `page ${number}`,
      createHash('md5')
        .update(customer.mail)
        .digest(chance(0.5) ? 'hex' : 'base64'),
    );
    if (number % 3 === 0) shop.connections.push(new Connection(customer));
    if (number % 5 === 0) shop.handlers.push(() => [customer, number]);
    if (number % 7 === 0) shop.timers.push(setTimeout(() => customer.mail, 1e8).unref());
    if (number % 4 === 0) shop.documents.push(document(3));
    if (number % 20 === 0) {
      try {
        failDeep(4, customer);
      } catch (error) {
        shop.errors.push(error, number % 40 === 0 ? (error as Error).stack : undefined);
      }
    }
  }
  return shop;
}
