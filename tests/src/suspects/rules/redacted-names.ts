/** Names that were redacted with another key each time are followed by where they are. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diff, type Growth } from '@afterimage/snapshot';
import {
  array,
  closure,
  code,
  collection,
  dictionary,
  LARGE,
  moduleWith,
  object,
  snapshotOf,
  text,
  times,
  type Program,
  type Thing,
  type Things,
} from '../made-up-heap.js';

const APP = '/app/shop.js';
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

/** Redacts names as one capture does: the hash is the same in one file, and another in the next. */
const redacting =
  (file: number) =>
  (name: string): string => {
    const shifted = name.replace(
      /[a-z]/gi,
      (each) => LETTERS[(LETTERS.indexOf(each.toLowerCase()) + 5 * file) % 26] ?? '',
    );
    return `‹name ${name.length} chars #${shifted.padEnd(12, 'q').slice(0, 12)}›`;
  };

type Named = (name: string) => string;

async function growth(
  make: (count: number, named: Named) => Program,
  counts: readonly number[] = [10, 40],
  redacted: (file: number) => Named = redacting,
): Promise<Growth> {
  return diff(counts.map((count, file) => snapshotOf(make(count, redacted(file)))));
}

const orders = (count: number): Thing => array(times(count, () => object('Order', {}, LARGE)));

test('a name that stays where it is keeps its text of the first file, and is asked for by that of the last', async () => {
  const { suspects, unmatchedNames, classes } = await growth((count, named) => ({
    modules: [
      moduleWith(APP, {
        [named('secrets')]: collection(
          named('Vault'),
          times(count, () => object('Order', {}, LARGE)),
        ),
      }),
    ],
  }));
  assert.equal(unmatchedNames, 0);
  assert.equal(suspects.length, 1);
  const [last, lastClass] = [redacting(1)('secrets'), redacting(1)('Vault')];
  assert.equal(suspects[0]?.title, `30 more Order in ${last} (${lastClass})`);
  assert.deepEqual(
    classes.map(({ name, counts }) => [name, counts]),
    [
      ['Order', [10, 40]],
      [lastClass, [1, 1]],
    ],
  );
});

test('names of one length are told apart by what is below them', async () => {
  const { suspects, unmatchedNames } = await growth((count, named) => ({
    modules: [
      moduleWith(APP, {
        [named('kurtz')]: orders(count),
        [named('leroy')]: collection(
          'Map',
          times(20, () => object('User', {}, LARGE)),
        ),
      }),
    ],
  }));
  assert.equal(unmatchedNames, 0);
  assert.deepEqual(
    suspects.map(({ title }) => title),
    [`30 more Order in ${redacting(1)('kurtz')} (Array)`],
  );
});

test('names that only their order tells apart keep their order', async () => {
  const customers = (count: number, named: Named): Things => ({
    customers: object('Customers', {
      [named('alice')]: orders(10),
      [named('carol')]: orders(count),
      [named('david')]: orders(10),
    }),
  });
  const { suspects, unmatchedNames } = await growth((count, named) => ({
    modules: [moduleWith(APP, customers(count, named))],
  }));
  assert.equal(unmatchedNames, 0);
  assert.deepEqual(
    suspects.map(({ title }) => title),
    [`30 more Order in customers.${redacting(1)('carol')} (Array)`],
  );
});

test('more than four names with the same places are keys and count together', async () => {
  const boxes =
    (names: number) =>
    (count: number, named: Named): Program => ({
      modules: [
        moduleWith(APP, {
          boxes: array(
            times(count, (n) =>
              object('Box', { [named(`name${LETTERS[n % names] ?? ''}`)]: object('Order', {}, LARGE) }),
            ),
          ),
        }),
      ],
    });
  const { suspects, unmatchedNames } = await growth(boxes(26), [6, 20]);
  assert.equal(unmatchedNames, 0);
  assert.deepEqual(
    suspects.map(({ title }) => title),
    ['14 more Box in boxes (Array)'],
  );
  const { classes } = await growth(boxes(4), [8, 20]);
  assert.deepEqual(
    classes.map(({ name, counts }) => [name, counts]),
    [
      ['Order', [8, 20]],
      ['Box', [8, 20]],
      ['Array', [1, 1]],
    ],
  );
});

test('keys of large tables are not names', async () => {
  const byName = (count: number, named: Named): Things => ({
    byName: dictionary(
      times(count, () => object('Order', {}, LARGE)),
      (n) => named(`name${LETTERS[n % 26] ?? ''}${LETTERS[Math.floor(n / 26)] ?? ''}`),
    ),
  });
  const { suspects, unmatchedNames } = await growth(
    (count, named) => ({ modules: [moduleWith(APP, byName(count, named))] }),
    [30, 60],
  );
  assert.deepEqual([unmatchedNames, suspects[0]?.count], [0, 30]);
});

test('names that could be one of several are counted, with what that means', async () => {
  const listeners = (named: Named, events: Record<string, number>): Program => ({
    modules: [
      moduleWith(APP, {
        bus: object(
          'Bus',
          Object.fromEntries(
            Object.entries(events).map(([name, count]) => [
              named(name),
              array(times(count, () => text('x'))),
            ]),
          ),
        ),
      }),
    ],
  });
  const unmatched = async (
    before: Record<string, number>,
    after: Record<string, number>,
  ): Promise<[number, string]> => {
    const { unmatchedNames, notCovered } = await diff([
      snapshotOf(listeners(redacting(0), before)),
      snapshotOf(listeners(redacting(1), after)),
    ]);
    return [unmatchedNames, notCovered[0] ?? ''];
  };
  const [two, sentence] = await unmatched(
    { alice: 9, carol: 10 },
    { alice: 18, david: 9, erika: 9, frank: 9 },
  );
  assert.equal(two, 2);
  assert.equal(
    sentence,
    '2 redacted names could not be followed from one snapshot to the next; growth under them may be missing or miscounted.',
  );
  const [same] = await unmatched({ alice: 9, carol: 10 }, { alice: 18, carol: 9 });
  assert.equal(same, 0, 'as many as before have the same order');
  const [ordered] = await unmatched({ alice: 9, carol: 10 }, { alice: 9, carol: 10, david: 11 });
  assert.equal(ordered, 0, 'sizes have the same order');
});

test('a name that is gone, and another that came, are not the same', async () => {
  const { suspects, unmatchedNames } = await growth((count, named) => ({
    modules: [
      moduleWith(
        APP,
        count === 10
          ? { [named('kurtz')]: object('Settings', { a: object('A'), b: object('B') }) }
          : { stores: object('Stores', { [named('leroy')]: orders(count) }) },
      ),
    ],
  }));
  assert.equal(unmatchedNames, 1, 'they could be');
  assert.equal(suspects[0]?.counts[0], 0);
});

test('a name of another length is another name', async () => {
  const { unmatchedNames, suspects } = await growth((count, named) => ({
    modules: [moduleWith(APP, { [named(count === 10 ? 'kurtz' : 'kurtzman')]: orders(count) })],
  }));
  assert.equal(unmatchedNames, 0);
  assert.deepEqual(suspects[0]?.counts, [0, 40]);
});

test('snapshots of which only some are redacted cannot be followed, which is said', async () => {
  const provenance = (redaction: string): object => ({ afterimage: { version: '1.0.0', redaction } });
  const of = (file: number, level: string, named: Named): Program => ({
    modules: [moduleWith(APP, { [named('kurtz')]: orders(10 + 30 * file) })],
    ...provenance(level),
  });
  const { notCovered, unmatchedNames } = await diff([
    snapshotOf(of(0, 'names', redacting(0))),
    snapshotOf(of(1, 'strings', (name) => name)),
  ]);
  assert.equal(unmatchedNames, 1);
  assert.deepEqual(notCovered.slice(0, 2), [
    'The snapshots are redacted differently (names, strings); redacted names cannot be followed between them.',
    '1 redacted name could not be followed from one snapshot to the next; growth under them may be missing or miscounted.',
  ]);
});

test('plain names are as they are', async () => {
  const same = await growth(
    (count) => ({ modules: [moduleWith(APP, { orders: orders(count) })] }),
    [10, 25, 40],
    () => (name) => name,
  );
  assert.equal(same.unmatchedNames, 0);
  assert.ok(same.notCovered.every((each) => !each.includes('redacted')));
});

test('names of one length are told apart by what holds them, in whatever order they come', async () => {
  for (const wrap of [(inner: Thing): Thing => inner, (inner: Thing): Thing => object('Box', { inner })]) {
    const { suspects, unmatchedNames } = await growth((count, named) => {
      const shop = {
        shop: object('Shop', { box: wrap(object('Part', { [named('kurtz')]: orders(count) })) }),
      };
      const desk = { desk: object('Desk', { box: wrap(object('Part', { [named('leroy')]: orders(10) })) }) };
      const parts = count === 10 ? { ...shop, ...desk } : { ...desk, ...shop };
      return { modules: [moduleWith(APP, { parts: object('Parts', parts) })] };
    });
    assert.equal(unmatchedNames, 0);
    assert.match(suspects[0]?.title ?? '', /^30 more Order in /);
    assert.ok(suspects[0]?.title.includes(redacting(1)('kurtz')), suspects[0]?.title);
    assert.deepEqual(suspects[0]?.counts, [10, 40]);
  }
});

test('functions are told apart by where their code is', async () => {
  const { suspects, unmatchedNames } = await growth((count, named) => {
    const kurtz = code(named('kurtz'), APP, 9, 3);
    const leroy = code(named('leroy'), APP, 19, 3);
    const [ours, theirs] = [
      times(count, () => closure(kurtz, undefined, LARGE)),
      times(20, () => closure(leroy, undefined, LARGE)),
    ];
    return {
      modules: [moduleWith(APP, { jobs: array(count === 10 ? [...ours, ...theirs] : [...theirs, ...ours]) })],
    };
  });
  assert.equal(unmatchedNames, 0);
  assert.deepEqual(
    suspects.map(({ title, counts }) => [title, counts]),
    [[`30 more functions ${redacting(1)('kurtz')}() in jobs (Array)`, [10, 40]]],
  );
});

test('of what has the same places, the order decides', async () => {
  const { classes, unmatchedNames } = await growth(
    (count, named) => ({
      modules: [
        moduleWith(APP, {
          a: array(times(count, () => object(named('kurtz'), {}, LARGE))),
          b: array(times(20, () => object(named('leroy'), {}, LARGE))),
          c: array(times(30, () => object(named('marie'), {}, LARGE))),
        }),
      ],
    }),
    [10, 25, 40],
  );
  assert.equal(unmatchedNames, 0);
  assert.deepEqual(
    classes.map(({ name, counts }) => [name, counts]),
    [
      [redacting(2)('kurtz'), [10, 25, 40]],
      ['Array', [3, 3, 3]],
    ],
  );
});

test('names of collections are told apart by their entries if others come before them', async () => {
  const collected = (count: number, className: string): Thing =>
    collection(
      'Map',
      times(count, () => object(className, {}, LARGE)),
    );
  const { suspects, unmatchedNames } = await growth((count, named) => {
    const before = count === 10 ? {} : { [named('marie')]: collected(1, 'Audit') };
    const both = { [named('kurtz')]: collected(count, 'Order'), [named('leroy')]: collected(20, 'User') };
    return { modules: [moduleWith(APP, { shop: object('Shop', { ...before, ...both }) })] };
  });
  assert.equal(unmatchedNames, 0);
  assert.deepEqual(
    suspects.map(({ title, counts }) => [title, counts]),
    [[`30 more Order in shop.${redacting(1)('kurtz')} (Map)`, [10, 40]]],
  );
});
