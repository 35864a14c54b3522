/** Something of every kind that JavaScript has, some of it many times over. */
import { createHash } from 'node:crypto';

const COUNT = 500;
const list = <T>(make: (index: number) => T, count = COUNT): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

class Point {
  label: string;
  constructor(
    readonly x: number,
    readonly y: number,
  ) {
    this.label = `p${x}`;
  }
}
class Vector extends Point {
  #secret = { kept: true };
  readonly z: number;
  constructor(x: number) {
    super(x, x * 2);
    this.z = x + 0.5;
  }
  get secret(): object {
    return this.#secret;
  }
}

function counter(from: number): () => number {
  let count = from;
  const box = { from };
  return () => count++ + box.from;
}

function* steps(from: number): Generator<object> {
  const local = { from };
  yield local;
  yield { from };
}

const points = list((index) => new Point(index, index * 2), 5_000);
const byId = new Map(points.map((point) => [point.x, point]));
const registry = new FinalizationRegistry(() => undefined);
const slow: Record<string, object> = {};
for (let index = 0; index < COUNT; index++) slow[`name${index}`] = { index };
for (let index = 0; index < COUNT; index += 2) Reflect.deleteProperty(slow, `name${index}`);
const sparse: unknown[] = [];
sparse[1_000_000] = { far: true };
const symbols = list((index) => Symbol(`symbol ${index}`));

const kept = {
  points,
  byId,
  slow,
  sparse,
  symbols,
  vectors: list((index) => new Vector(index)),
  set: new Set(list((index) => `entry ${index}`)),
  byObject: new Map(points.slice(0, COUNT).map((point) => [point, { point }])),
  weakMap: new WeakMap(points.slice(0, COUNT).map((point) => [point, { about: point.label }])),
  weakSet: new WeakSet(points.slice(0, COUNT)),
  weakRefs: points.slice(0, COUNT).map((point) => new WeakRef(point)),
  closures: list(counter),
  generators: list((index) => {
    const generator = steps(index);
    generator.next();
    return generator;
  }),
  promises: list((index) => (index % 2 === 0 ? Promise.resolve({ index }) : new Promise(() => undefined))),
  joined: list((index) => `the first part ${index}, and the second part ${index + 1} of a text`),
  cut: list((index) => `a text that is cut, number ${index}, into parts`.slice(3, 40)),
  wide: list((index) => `ünïcødé ☃ ${index}`),
  outside: list((index) => Buffer.alloc(100_000, 65 + index).toString('latin1'), 10),
  numbers: list((index) => [index, index + 0.5]),
  bigints: list((index) => 2n ** BigInt(index % 200)),
  regexps: list((index) => new RegExp(`a${index}+b`, 'g')),
  errors: list((index) => new TypeError(`error ${index}`), 100),
  dates: list((index) => new Date(1e12 + index)),
  typed: list((index) => new Float64Array(index % 50)),
  buffers: list((index) => Buffer.alloc(index)),
  views: list((index) => new DataView(new ArrayBuffer(index * 10)), 100),
  bound: list((index) => counter.bind({ index }, index), 100),
  proxies: list((index) => new Proxy({ index }, {}), 100),
  boxed: [Object(1), Object('text'), Object(true), Object(Symbol('boxed')), Object(5n)] as unknown[],
  bare: Object.assign(Object.create(null) as object, { bare: true }),
  frozen: Object.freeze(list((index) => ({ index }), 100)),
  bySymbol: Object.fromEntries(symbols.slice(0, 20).map((symbol) => [symbol, {}])),
  hashes: list(() => createHash('sha256'), 20),
  urls: list((index) => new URL(`http://localhost/${index}`), 50),
  timers: list((index) => setTimeout(() => index, 1e9)),
  iterators: [byId.entries(), [1, 2][Symbol.iterator](), 'text'[Symbol.iterator]()],
  formats: [new Intl.NumberFormat('en'), new Intl.DateTimeFormat('en')],
};
for (const point of points.slice(0, COUNT)) registry.register(point, 'held', point);
setInterval(() => kept, 1e6);
console.log('ready');
