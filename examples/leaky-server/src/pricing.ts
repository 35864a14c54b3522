/** Prices for a customer, an article and a quantity. Computed once, then kept as long as there is room. */
import type { Product } from './catalogue.js';
import type { Customer } from './customers.js';

export class Quote {
  constructor(
    readonly sku: string,
    readonly customerId: number,
    readonly quantity: number,
    readonly unitPrice: number,
    readonly total: number,
    readonly quotedAt: number,
  ) {}
}

export class PriceCache {
  readonly #capacity: number;
  readonly #quotes = new Map<string, Quote>();
  hits = 0;
  misses = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#quotes.size;
  }

  quote(customer: Customer, product: Product, quantity: number): Quote {
    const key = `${customer.id}/${product.sku}/${quantity}`;
    const known = this.#quotes.get(key);
    if (known) {
      this.hits++;
      // Moved to the end: a Map iterates in order of insertion, so the first is the least recently used.
      this.#quotes.delete(key);
      this.#quotes.set(key, known);
      return known;
    }
    this.misses++;
    const quote = compute(customer, product, quantity);
    this.#quotes.set(key, quote);
    if (this.#quotes.size > this.#capacity) {
      for (const oldest of this.#quotes.keys()) {
        this.#quotes.delete(oldest);
        break;
      }
    }
    return quote;
  }
}

function compute(customer: Customer, product: Product, quantity: number): Quote {
  let price = product.listPrice;
  for (const { fromQuantity, unitPrice } of product.priceBreaks) {
    if (quantity >= fromQuantity) price = unitPrice;
  }
  const unitPrice = price * (1 - customer.discount);
  return new Quote(product.sku, customer.id, quantity, unitPrice, unitPrice * quantity, Date.now());
}
