/** The product catalogue: some ten thousand articles and a word index, held in memory for fast answers. */
import { setImmediate as nextTurn } from 'node:timers/promises';

export interface PriceBreak {
  fromQuantity: number;
  unitPrice: number;
}

export class Product {
  constructor(
    readonly sku: string,
    readonly name: string,
    readonly category: string,
    readonly listPrice: number,
    readonly priceBreaks: PriceBreak[],
    readonly attributes: Record<string, string>,
    public stock: number,
  ) {}
}

const CATEGORIES = ['fasteners', 'bearings', 'fittings', 'tools', 'lighting', 'cable', 'safety', 'packaging'];
const MATERIALS = ['steel', 'brass', 'aluminium', 'nylon', 'copper', 'rubber', 'ceramic', 'zinc'];
const FORMS = ['bolt', 'washer', 'ring', 'elbow', 'spanner', 'lamp', 'gland', 'glove', 'crate', 'coupling'];

/** Measured on V8 12 to 14: the product, its breaks, attributes and its share of the index. */
const BYTES_PER_PRODUCT = 950;
const SMALLEST = 2_000;
const BATCH = 1_000;

export class Catalogue {
  readonly #products: Product[] = [];
  readonly #bySku = new Map<string, Product>();
  readonly #byWord = new Map<string, Product[]>();

  get size(): number {
    return this.#products.length;
  }

  add(product: Product): void {
    this.#products.push(product);
    this.#bySku.set(product.sku, product);
    for (const word of product.name.split(' ')) {
      const products = this.#byWord.get(word);
      if (products) products.push(product);
      else this.#byWord.set(word, [product]);
    }
  }

  find(sku: string): Product | undefined {
    return this.#bySku.get(sku);
  }

  at(index: number): Product {
    const product = this.#products[index % this.#products.length];
    if (!product) throw new Error('the catalogue is empty');
    return product;
  }

  /** Products with all words in their name, at most `limit`. */
  search(words: string[], limit: number): Product[] {
    const [first, ...others] = words;
    const found: Product[] = [];
    for (const product of this.#byWord.get(first ?? '') ?? []) {
      if (found.length === limit) break;
      if (others.every((word) => product.name.includes(word))) found.push(product);
    }
    return found;
  }
}

/** Loads the supplier's articles, a batch at a time; `bytes` is about what they will take in the heap. */
export async function loadCatalogue(bytes: number): Promise<Catalogue> {
  const catalogue = new Catalogue();
  const count = Math.max(SMALLEST, Math.round(bytes / BYTES_PER_PRODUCT));
  for (let number = 0; number < count; number++) {
    catalogue.add(article(number));
    if (number % BATCH === 0) await nextTurn();
  }
  return catalogue;
}

function article(number: number): Product {
  const material = pick(MATERIALS, number);
  const form = pick(FORMS, Math.floor(number / 8));
  const diameter = 2 + (number % 37);
  const length = 5 + ((number * 7) % 211);
  const listPrice = Math.round(40 + ((number * 7919) % 9_000)) / 100;
  return new Product(
    `A${String(number).padStart(7, '0')}`,
    `${material} ${form} ${diameter}x${length}`,
    pick(CATEGORIES, number),
    listPrice,
    [1, 10, 100, 1000].map((fromQuantity, step) => ({
      fromQuantity,
      unitPrice: listPrice * (1 - 0.06 * step),
    })),
    {
      diameter: `${diameter} mm`,
      length: `${length} mm`,
      finish: number % 3 === 0 ? 'plain' : `coated, batch ${number % 1009}`,
      supplier: `supplier ${number % 83}`,
      location: `aisle ${number % 61}, bay ${number % 17}`,
    },
    100 + (number % 900),
  );
}

function pick(words: string[], number: number): string {
  return words[number % words.length] ?? '';
}
