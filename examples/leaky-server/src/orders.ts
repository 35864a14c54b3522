/** Orders: checked and stored in the database; the newest are also cached for the order page. */
import { Catalogue, Product } from './catalogue.js';
import type { Customer } from './customers.js';
import type { Database } from './database.js';
import type { JobQueue } from './queue.js';
import type { PriceCache } from './pricing.js';

export class OrderLine {
  constructor(
    readonly product: Product,
    readonly quantity: number,
    readonly unitPrice: number,
    readonly total: number,
  ) {}
}

export class Order {
  status: 'placed' | 'confirmed' | 'notified' | 'unreachable' = 'placed';

  constructor(
    readonly id: number,
    readonly customer: Customer,
    readonly lines: OrderLine[],
    readonly total: number,
    readonly placedAt: Date,
  ) {}
}

export interface Item {
  sku: string;
  quantity: number;
}

export class InvalidOrder extends Error {}

const RECENT = 1_000;
const MAX_LINES = 100;

export class Orders {
  readonly #recent = new Map<number, Order>();
  #lastId = 0;

  constructor(
    readonly database: Database,
    readonly catalogue: Catalogue,
    readonly prices: PriceCache,
    readonly queue: JobQueue,
  ) {}

  get placed(): number {
    return this.#lastId;
  }

  find(id: number): Order | undefined {
    return this.#recent.get(id);
  }

  /**
   * Stores an order and has it confirmed by a job.
   * @throws {InvalidOrder} when it has no lines, too many, an unknown article or a quantity below one.
   */
  async place(customer: Customer, items: Item[]): Promise<Order> {
    const order = this.#draft(customer, items);
    await this.database.query(
      'insert into orders (id, customer_id, line_count, total) values ($1, $2, $3, $4)',
      [order.id, customer.id, order.lines.length, order.total.toFixed(2)],
    );
    this.#remember(order);
    this.queue.enqueue('confirm order', order);
    return order;
  }

  /** Fills the list of recent orders with yesterday's, which the database of a real shop would hold. */
  warm(customerOf: (index: number) => Customer | undefined, itemsOf: (index: number) => Item[]): void {
    for (let index = 0; index < RECENT; index++) {
      const customer = customerOf(index);
      if (customer) this.#remember(this.#draft(customer, itemsOf(index)));
    }
  }

  #draft(customer: Customer, items: Item[]): Order {
    if (items.length === 0 || items.length > MAX_LINES) {
      throw new InvalidOrder(`an order has 1 to ${MAX_LINES} lines, this one has ${items.length}`);
    }
    const lines = items.map(({ sku, quantity }) => {
      const product = this.catalogue.find(sku);
      if (!product) throw new InvalidOrder(`no article ${sku}`);
      if (!Number.isInteger(quantity) || quantity < 1)
        throw new InvalidOrder(`quantity of ${sku}: ${quantity}`);
      const quote = this.prices.quote(customer, product, quantity);
      return new OrderLine(product, quantity, quote.unitPrice, quote.total);
    });
    const total = lines.reduce((sum, line) => sum + line.total, 0);
    return new Order(++this.#lastId, customer, lines, total, new Date());
  }

  #remember(order: Order): void {
    this.#recent.set(order.id, order);
    if (this.#recent.size > RECENT) this.#recent.delete(order.id - RECENT);
  }
}
