/**
 * What an ordinary server holds for good reasons: catalogs, users, configuration, texts, buffers, and bounded
 * collections that change all the time. The gallery's programs keep these in addition to what they leak.
 */
'use strict';

const WORDS =
  'amber basalt cedar delta ember fjord grove harbor island juniper kelp lagoon meadow nectar'.split(' ');

/** Text that no two callers share, of about `length` characters, flat in memory. */
function prose(seed, length) {
  let state = (seed * 2654435761) >>> 0;
  const words = [];
  for (let have = 0; have < length;) {
    state = (state * 1664525 + 1013904223) >>> 0;
    const word = WORDS[state % WORDS.length] + (state >>> 20);
    words.push(word);
    have += word.length + 1;
  }
  return words.join(' ');
}

class Product {
  constructor(number) {
    this.sku = `A${String(number).padStart(7, '0')}`;
    this.name = `${WORDS[number % 14]} ${WORDS[(number >> 4) % 14]} ${number % 97}`;
    this.listPrice = 1 + (number % 9000) / 100;
    this.priceBreaks = [1, 10, 100].map((from) => ({ from, unitPrice: this.listPrice * (1 - from / 1000) }));
    this.attributes = {
      finish: number % 3 === 0 ? 'plain' : `coated ${number % 1009}`,
      weight: `${number % 211} g`,
    };
    this.stock = number % 50;
  }
}

/** About 600 bytes a product. */
function catalogue(count) {
  const products = [];
  const bySku = new Map();
  const byWord = new Map();
  for (let number = 0; number < count; number++) {
    const product = new Product(number);
    products.push(product);
    bySku.set(product.sku, product);
    for (const word of product.name.split(' ')) {
      if (byWord.has(word)) byWord.get(word).push(product);
      else byWord.set(word, [product]);
    }
  }
  return { products, bySku, byWord, at: (number) => products[number % count] };
}

class User {
  #passwordHash;
  constructor(id) {
    this.id = id;
    this.email = `${WORDS[id % 14]}.${id}@example.org`;
    this.roles = new Set(id % 50 === 0 ? ['reader', 'editor'] : ['reader']);
    this.address = { street: `${prose(id, 12)}`, city: WORDS[id % 14], zip: String(10_000 + (id % 80_000)) };
    this.createdAt = new Date(1.5e12 + id * 1e6);
    this.#passwordHash = prose(id + 7, 60);
  }

  matches(hash) {
    return this.#passwordHash === hash;
  }
}

/** About 700 bytes a user. */
function userTable(count) {
  return new Map(Array.from({ length: count }, (_, id) => [id, new User(id)]));
}

/** Nested plain objects: `fanOut ** depth` leaves of about 150 bytes. */
function configTree(depth, fanOut, seed = 1) {
  if (depth === 0)
    return { enabled: seed % 2 === 0, limit: seed * 1.5, owner: `team ${seed}`, note: prose(seed, 30) };
  const children = {};
  for (let child = 0; child < fanOut; child++) {
    children[`${WORDS[child % 14]}_${child}`] = configTree(depth - 1, fanOut, seed * fanOut + child);
  }
  return children;
}

/** `{ en: { key: text } }`: about 130 bytes a text. */
function translations(languages, keys) {
  const tables = {};
  languages.forEach((language, index) => {
    tables[language] = {};
    for (let key = 0; key < keys; key++) {
      tables[language][`page.${WORDS[key % 14]}.${key}`] = `${language}: ${prose(key * 31 + index, 70)}`;
    }
  });
  return tables;
}

/** Articles: few objects, long strings. */
function library(count, length) {
  return Array.from({ length: count }, (_, number) => ({
    title: prose(number, 40),
    body: prose(number + 1e6, length),
    tags: [WORDS[number % 14], WORDS[(number + 5) % 14]],
  }));
}

/** Files in memory: few objects, bytes outside the heap. */
function assets(count, bytes) {
  const files = new Map();
  for (let number = 0; number < count; number++) {
    files.set(`/static/${WORDS[number % 14]}-${number}.png`, Buffer.alloc(bytes, number));
  }
  return files;
}

/** Closures and patterns, about 500 bytes a route. */
function routeTable(count) {
  return Array.from({ length: count }, (_, number) => {
    const segment = `${WORDS[number % 14]}${number}`;
    const pattern = `/api/v${number % 3}/${segment}/:id`;
    return {
      method: number % 4 === 0 ? 'POST' : 'GET',
      pattern,
      match: (path) => path.startsWith(`/api/v${number % 3}/${segment}`),
      guards: [(user) => user.id !== number, (user) => user.roles.has('reader')],
    };
  });
}

/** Typed arrays: a grid of heights and the stations in it. */
function terrain(tiles, side) {
  return Array.from({ length: tiles }, (_, number) => ({
    north: number / 10,
    east: number / 7,
    heights: Float64Array.from({ length: side * side }, (_unused, cell) => Math.sin(cell + number)),
    stations: new Map([[`station ${number}`, { frequency: 433 + number / 100, active: true }]]),
  }));
}

/** Timetable rows in linked lists by line. */
function timetable(lines, stops) {
  const byLine = {};
  for (let line = 0; line < lines; line++) {
    let next = null;
    for (let stop = stops; stop > 0; stop--) {
      next = {
        stop: `${WORDS[stop % 14]} ${line}/${stop}`,
        minute: (line * 7 + stop * 3) % 1440,
        platform: stop % 9,
        next,
      };
    }
    byLine[`L${line}`] = next;
  }
  return byLine;
}

/** The last `size` things, the oldest overwritten. */
class RingBuffer {
  #items;
  #at = 0;
  constructor(size) {
    this.#items = new Array(size).fill(null);
  }

  push(item) {
    this.#items[this.#at++ % this.#items.length] = item;
  }

  get length() {
    return Math.min(this.#at, this.#items.length);
  }
}

/** A cache that keeps its bound: the one not used for longest goes. */
class BoundedCache {
  #entries = new Map();
  #max;
  constructor(max) {
    this.#max = max;
  }

  get(key) {
    const value = this.#entries.get(key);
    if (value !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, value);
    }
    return value;
  }

  set(key, value) {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size > this.#max) this.#entries.delete(this.#entries.keys().next().value);
  }
}

/** Replaced as a whole, again and again: what a periodic refresh from a database leaves. */
class RefreshedTable {
  rows = [];
  refresh(version, count) {
    this.rows = Array.from({ length: count }, (_, id) => ({
      id,
      version,
      label: `${WORDS[id % 14]} ${version}`,
      at: id * 1.5,
    }));
  }
}

module.exports = {
  prose,
  catalogue,
  userTable,
  configTree,
  translations,
  library,
  assets,
  routeTable,
  terrain,
  timetable,
  RingBuffer,
  BoundedCache,
  RefreshedTable,
};
