/**
 * A server's heap at any scale, and its snapshot: customers, their orders, caches, sessions, waiting requests and
 * all that hangs off them, as linked as such things are. The same scale makes the same heap.
 *   node analyze-heap.js SCALE FILE
 */
import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { writeHeapSnapshot } from 'node:v8';

const [scale, file] = process.argv.slice(2) as [string, string];

let state = 20_26;
function below(end: number): number {
  state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
  return Math.floor((state / 0x8000_0000) * end);
}

const words =
  'anchor bolt cargo dock engine ferry gauge harbour island jetty keel lantern mast north oar'.split(' ');
const word = (): string => words[below(words.length)] ?? '';

class Point {
  constructor(
    readonly latitude = below(1e6) / 7,
    readonly longitude = below(1e6) / 7,
  ) {}
}

class Address {
  readonly street: string;
  readonly town = word();
  readonly code = 10_000 + below(80_000);
  readonly position = new Point();
  constructor(number: number) {
    this.street = `${below(9999)} ${word()} street, box ${number}`;
  }
}

class Customer {
  readonly name: string;
  readonly mail: string;
  readonly address: Address;
  readonly orders: Order[] = [];
  readonly tags = new Set([word(), word()]);
  answer: ((value: unknown) => void) | null = null;
  constructor(readonly number: number) {
    this.name = `customer ${number}`;
    this.mail = `customer-${number}@harbour.test`;
    this.address = new Address(number);
  }
}

class Line {
  readonly article = `article ${below(5000)}`;
  readonly amount = below(10);
  readonly price = below(1e6) / 7;
  constructor(readonly order: Order) {}
}

class Order {
  readonly lines: Line[] = [];
  readonly placedAt = new Date(1.7e12 + below(1e9));
  readonly state = word();
  constructor(readonly customer: Customer) {
    for (let lines = 1 + below(4); lines > 0; lines--) this.lines.push(new Line(this));
  }
}

class Session extends EventEmitter {
  last: unknown = null;
  readonly received = Buffer.alloc(below(64));
  constructor(public customer: Customer | null) {
    super();
    this.on('message', (message) => {
      this.last = message as unknown;
    });
    this.on('end', () => {
      this.customer = null;
    });
    this.once('error', (error) => {
      this.last = error as unknown;
    });
  }
}

class CacheEntry {
  newer: CacheEntry | null;
  constructor(
    readonly key: string,
    readonly value: unknown,
    readonly older: CacheEntry | null,
  ) {
    this.newer = null;
  }
}

/** Least recently used at one end, newest at the other; both are held. */
class Cache {
  readonly entries = new Map<string, CacheEntry>();
  readonly oldest = new CacheEntry('', null, null);
  newest = this.oldest;
  set(key: string, value: unknown): void {
    const entry = new CacheEntry(key, value, this.newest);
    this.newest.newer = entry;
    this.newest = entry;
    this.entries.set(key, entry);
  }
}

class Branch {
  readonly children: Branch[];
  constructor(depth: number) {
    this.children = depth === 0 ? [] : [new Branch(depth - 1), new Branch(depth - 1)];
  }
}

class OrderError extends Error {
  constructor(readonly customer: Customer) {
    super(`no stock for ${customer.name}`);
  }
}

function failDeep(depth: number, customer: Customer): never {
  if (depth > 0) failDeep(depth - 1, customer);
  throw new OrderError(customer);
}

async function answerLater(customer: Customer): Promise<object> {
  const request = { customer, since: below(1e6) };
  await new Promise((resolve) => (customer.answer = resolve));
  return request;
}

function* pages(of: number): Generator<object> {
  const page = { of };
  for (;;) yield page;
}

function handlerFor(customer: Customer): () => object {
  const context = { customer, calls: 0 };
  const handle = (): (() => object) => () => ({ customer: context.customer, calls: ++context.calls });
  return handle();
}

function document(depth: number): object {
  const fields: Record<string, unknown> = {};
  for (let field = 2 + below(4); field > 0; field--) {
    const name = below(3) ? word() : `${word()} ${below(200)}`;
    if (depth > 0 && below(2)) fields[name] = document(depth - 1);
    else fields[name] = below(2) ? [below(9), below(1e6) / 7, `${word()} ${below(1e5)}`] : below(1e6);
  }
  return fields;
}

class Harbour {
  readonly byNumber = new Map<number, Customer>();
  readonly byMail = new Map<string, Customer>();
  readonly byName: Record<string, Customer> = {};
  readonly orders: Order[] = [];
  readonly notes = new WeakMap<Customer, object>();
  readonly cache = new Cache();
  readonly sessions: Session[] = [];
  readonly handlers: (() => object)[] = [];
  readonly requests: Promise<unknown>[] = [];
  readonly errors: unknown[] = [];
  readonly timers: NodeJS.Timeout[] = [];
  readonly documents: object[] = [];
  readonly oddments: unknown[] = [];

  add(number: number): void {
    const customer = new Customer(number);
    this.byNumber.set(number, customer);
    this.byMail.set(customer.mail, customer);
    this.byName[customer.name] = customer;
    for (let orders = below(4); orders > 0; orders--) customer.orders.push(new Order(customer));
    this.orders.push(...customer.orders);
    this.notes.set(customer, { text: `note ${number}` });
    const every = (period: number, act: () => void): void => {
      if (number % period === 0) act();
    };
    every(2, () => this.handlers.push(handlerFor(customer)));
    every(2, () =>
      this.cache.set(`page ${number}`, { customer: number % 10 ? null : customer, body: digest(number) }),
    );
    every(3, () => this.sessions.push(new Session(customer)));
    every(3, () => this.documents.push(document(3)));
    every(4, () => this.requests.push(answerLater(customer), Promise.resolve({ number }).then(Object)));
    every(10, () => this.timers.push(setTimeout(() => customer.name, 1e8).unref()));
    every(20, () => {
      try {
        failDeep(5, customer);
      } catch (error) {
        this.errors.push(error);
      }
    });
    every(25, () => this.oddments.push(new WeakRef(customer), pages(number), Symbol(customer.name)));
    every(25, () => this.oddments.push(new Float64Array(below(50)), BigInt(number) ** 5n));
    every(200, () => this.oddments.push(new Branch(6), new RegExp(`^${customer.mail}$`)));
  }
}

function digest(number: number): string {
  return createHash('md5').update(String(number)).digest('hex');
}

const harbour = new Harbour();
for (let number = 0; number < Number(scale); number++) harbour.add(number);
Object.assign(globalThis, { harbour });
setImmediate(() => {
  writeHeapSnapshot(file);
  process.exit();
});
