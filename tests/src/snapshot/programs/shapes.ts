/** Plain objects of many shapes, whose properties have names that need care, and objects that look plain. */
import { pseudoRandom } from './pseudo-random.js';

const { below, pick } = pseudoRandom(11);

const names = [
  'a',
  'b',
  'id',
  'name',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'a,b',
  '"quoted"',
  "it's",
  '{curly}',
  '}',
  'back\\slash',
  'line\nbreak',
  'tab\t\u0000\u001f\u007f',
  '',
  ' ',
  'ünïcödé',
  '日本語',
  '\u{1f980}\u{1f680}',
  '\ud800',
  '\udc00 low first',
  'half \ud83d',
  '\u2028\ufeff',
  '-1',
  '1.5',
  '007',
  '4294967295',
  '1e21',
  'NaN',
  'x'.repeat(70),
  'y'.repeat(130),
  'ä'.repeat(60),
];

function shape(length: number): string[] {
  return Array.from({ length }, () => pick(names));
}

/** `__proto__` as a property of its own, where an assignment would set the prototype. */
function objectOf(keys: string[], value: () => unknown): object {
  const object = {};
  for (const key of keys) {
    Object.defineProperty(object, key, {
      value: value(),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return object;
}

class Plain {
  x = 1;
}
Object.defineProperty(Plain, 'name', { value: 'Object' });

export function build(): unknown {
  const value = (): unknown =>
    pick([below(9), `text ${below(9)}`, [below(3)], {}, null, below(10) / 3, names]);
  const shapes = Array.from({ length: 150 }, (_, at) => shape(at % 12));
  return {
    popular: shapes.flatMap((keys, at) =>
      Array.from({ length: 1 + ((at * 7) % 23) }, () => objectOf(keys, value)),
    ),
    reordered: Array.from({ length: 200 }, (_, at) => objectOf(at % 3 ? ['p', 'q'] : ['q', 'p'], value)),
    nested: Array.from({ length: 120 }, (_, at) => objectOf(at % 2 ? ['p', 'q', 'r'] : ['p', 'r'], value)),
    single: names.map((name) => objectOf([name], value)),
    twice: names.flatMap((name) => [objectOf([name, 'id'], value), objectOf([name, 'id'], value)]),
    wide: Array.from({ length: 10 }, (_, at) =>
      Object.fromEntries(
        Array.from({ length: 40 }, (_, property) => [`property ${property * at}`, property]),
      ),
    ),
    numeric: Array.from({ length: 60 }, (_, at) => ({ 0: 'zero', 7: { at }, [at]: at, last: [at] })),
    dictionaries: Array.from({ length: 40 }, (_, at) =>
      Object.assign(Object.create(null) as object, { [`key ${at}`]: at, shared: names }),
    ),
    bigDictionary: Object.fromEntries(Array.from({ length: 1500 }, (_, at) => [`${at % 7}:${at}`, { at }])),
    prototyped: Array.from({ length: 40 }, (_, at) =>
      Object.assign(Object.create({ inherited: at % 4 }) as object, { own: at }),
    ),
    symbols: Array.from({ length: 40 }, (_, at) => ({
      [Symbol(`symbol ${at % 5}`)]: at,
      [Symbol.iterator]: null,
    })),
    accessors: Array.from({ length: 40 }, (_, at) => ({
      get value() {
        return at;
      },
      set value(to: number) {
        names.length = Math.max(names.length, to);
      },
    })),
    lookalikes: Array.from({ length: 40 }, () => new Plain()),
    frozen: Array.from({ length: 30 }, (_, at) => Object.freeze({ id: at, name: 'frozen' })),
    sparse: Object.assign([] as unknown[], { 5: {}, 90_000: { far: true }, named: {} }),
    arguments: Array.from({ length: 20 }, function () {
      // eslint-disable-next-line prefer-rest-params
      return arguments;
    }),
    proxies: Array.from({ length: 20 }, (_, at) => new Proxy({ id: at, name: 'target' }, {})),
  };
}
