/** Everything that refers without holding: WeakMaps with chains of keys and values, WeakRefs, finalizers. */

class Key {
  constructor(readonly label: string) {}
}

/** A key's value is the next key: the last is held by the first alone, through as many tables as there are. */
function chain(length: number, tables: WeakMap<object, object>[]): object {
  const first = new Key('first');
  let key = first;
  for (let at = 0; at < length; at++) {
    const next = new Key(`link ${at}`);
    tables[at % tables.length]?.set(key, next);
    key = next;
  }
  return first;
}

export function build(): unknown {
  const tables = [
    new WeakMap<object, object>(),
    new WeakMap<object, object>(),
    new WeakMap<object, object>(),
  ];
  const chains = [1, 2, 40, 300].map((length) => chain(length, tables));

  const shared = { of: 'many values' };
  const keys = Array.from({ length: 400 }, (_, at) => new Key(`key ${at}`));
  const cyclic = new WeakMap<object, unknown>();
  keys.forEach((key, at) => {
    cyclic.set(key, at % 3 === 0 ? { key, shared } : at % 3 === 1 ? { cyclic } : [keys[at + 1], at]);
    tables[at % 3]?.set(key, { only: `by the key ${at}` });
  });
  const keyed = new WeakMap<object, object>([[cyclic, { heldBy: 'a table that is a key' }]]);
  const symbols = new WeakMap<object, symbol>(keys.slice(0, 20).map((key) => [key, Symbol(key.label)]));
  const unheldTable = new WeakMap<object, unknown>();
  const closures = keys.slice(0, 50).map((key) => {
    const own = { table: unheldTable, key };
    unheldTable.set(key, () => own);
    return () => unheldTable.get(key);
  });

  const finalized: string[] = [];
  const registry = new FinalizationRegistry<string>((held) => finalized.push(held));
  for (const key of keys) registry.register(key, `held for ${key.label}`, key);
  const lost = Array.from({ length: 100 }, (_, at) => new WeakRef({ lost: at }));
  return {
    tables,
    chains,
    keys: keys.slice(0, 300),
    cyclic,
    keyed,
    symbols,
    closures,
    registry,
    lost,
    set: new WeakSet<object>([...keys, shared]),
    references: keys.map((key) => new WeakRef(key)),
  };
}
