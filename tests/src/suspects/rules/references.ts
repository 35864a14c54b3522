/** The same objects are added again and again: references grow while the objects stay. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Suspect } from '@afterimage/snapshot';
import {
  array,
  closure,
  code,
  collection,
  commonJs,
  growthOf,
  large,
  map,
  moduleWith,
  object,
  times,
  type Program,
  type Thing,
} from '../made-up-heap.js';

const APP = '/app/shop.js';

async function suspectsOf(make: (count: number) => Program, counts: readonly number[]): Promise<Suspect[]> {
  return (await growthOf(make, counts)).suspects;
}

/** A list with `count` references to a few objects that a module holds, too. */
const repeating =
  (distinct: number, list: (items: Thing[]) => Thing = (items) => array(items)) =>
  (count: number): Program => {
    const handlers = times(distinct, () => object('Handler'));
    return {
      modules: [
        moduleWith(APP, { handlers: map(handlers) }),
        moduleWith('/app/bus.js', {
          called: list(times(count, (n) => handlers[n % distinct] as Thing)),
        }),
      ],
    };
  };

test('one object in a list many times', async () => {
  const [found] = await suspectsOf(repeating(1), [2000, 4000]);
  assert.equal(found?.title, '2,000 more references to one Handler in called (Array)');
  assert.deepEqual(
    [found.count, found.bytes, found.edges, found.counts],
    [2000, 16_000, [2000, 4000], [1, 1]],
  );
  assert.deepEqual(found.holder.entries, [2000, 4000]);
  assert.equal(found.advice, 'Add it once, or take it out when its owner is done.');
  assert.match(
    found.summary,
    /^2,000 more references to one Handler in called \(Array\): the same object is added repeatedly and never removed; add it once/,
  );
  assert.match(found.pathText, /called \(Array\) → \[\d+\] Handler$/);
});

test('several objects are counted, unless one of them has half', async () => {
  const [three] = await suspectsOf(repeating(3), [2000, 4000]);
  assert.equal(three?.title, '2,000 more references to 3 Handler in called (Array)');
  const [two] = await suspectsOf(repeating(2), [2000, 4000]);
  assert.equal(two?.title, '2,000 more references to one Handler in called (Array)');
});

test('a thousand more references are worth saying, if they grow steadily by a fifth', async () => {
  for (const [counts, isSaid] of [
    [[2000, 3000], true],
    [[2000, 2999], false],
    [[0, 1001], true],
    [[5100, 6100], false],
    [[4900, 5900], true],
    [[2000, 4000, 4100], false],
    [[2000, 4000, 6000], true],
    [[2000, 6000, 5000], false],
  ] as const) {
    const found = await suspectsOf(repeating(1), counts);
    assert.equal(found.length === 1, isSaid, counts.join());
  }
});

test('references that new objects bring along are theirs', async () => {
  const orders = (count: number): Program => {
    const currency = object('Currency');
    return {
      modules: [
        moduleWith(APP, {
          orders: array(times(count, () => object('Order', { currency }, 500))),
          currency,
        }),
      ],
    };
  };
  const found = await suspectsOf(orders, [2000, 4000]);
  assert.deepEqual(
    found.map(({ title }) => title),
    ['2,000 more Order in orders (Array)'],
  );
});

test('new lists bring their references along', async () => {
  const lists = (count: number): Program => {
    const handler = object('Handler');
    return {
      modules: [
        moduleWith(APP, {
          handler,
          lists: array(
            times(count, () =>
              array(
                times(100, () => handler),
                10_000,
              ),
            ),
          ),
        }),
      ],
    };
  };
  const found = await suspectsOf(lists, [20, 60]);
  assert.deepEqual(
    found.map(({ title }) => title),
    ['40 more Array in lists (Array)'],
  );
});

test('lists that do not become larger only move references', async () => {
  const fixed = repeating(1, (items) => array(items, 50_000));
  assert.deepEqual(await suspectsOf(fixed, [2000, 4000]), []);
});

test('a Map that holds them is named, not its table', async () => {
  const [found] = await suspectsOf(repeating(1, map), [2000, 4000]);
  assert.equal(found?.title, '2,000 more references to one Handler in called (Map)');
});

test('the collection that became larger with them is not told twice', async () => {
  const listed = repeating(1, (items) => array(items, 200 * items.length));
  const found = await suspectsOf(listed, [2000, 4000]);
  assert.deepEqual(
    found.map(({ title, bytes, share }) => [title, bytes, share]),
    [['2,000 more references to one Handler in called (Array)', 400_000, 1]],
  );
});

test('references of native code take memory outside the heap', async () => {
  const program = (count: number): Program => {
    const row = object('Row');
    return {
      modules: [commonJs(APP, { row, use: closure(code('use', APP, 3)) }), commonJs('/opt/db.node', {})],
      roots: { '(Global handles)': times(count, () => row) },
    };
  };
  const { suspects, explainedShare, summary } = await growthOf(program, [2000, 4000]);
  const [found] = suspects;
  assert.equal(found?.title, '2,000 more references from native code to one Row');
  assert.equal(found.kind, 'native-references');
  assert.deepEqual([found.bytes, found.share, explainedShare], [0, 0, 0]);
  assert.deepEqual(found.locations[0], {
    function: '',
    script: '/opt/db.node',
    line: 1,
    column: 1,
    package: null,
  });
  assert.match(
    found.advice,
    /^An addon that is given it takes .*: update that addon\. Native addons that are loaded: \/opt\/db\.node\.$/,
  );
  assert.equal(summary, `The heap did not grow (-0 kB). ${found.title}.`.replace('-0', '+0'));
});

test('they are ranked by what they take: 32 bytes each outside, more than as many bytes inside', async () => {
  const both =
    (bytes: number) =>
    (count: number): Program => {
      const row = object('Row');
      return {
        modules: [
          commonJs(APP, { row }),
          moduleWith('/app/b.js', {
            orders: array(times(count / 100, () => object('Order', {}, bytes / 20))),
          }),
        ],
        roots: { '(Global handles)': times(count, () => row) },
      };
    };
  const titles = async (bytes: number): Promise<string[]> =>
    (await suspectsOf(both(bytes), [10_000, 40_000])).map(({ kind }) => kind);
  assert.deepEqual(await titles(80_000), ['array', 'native-references']);
  assert.deepEqual(await titles(56_000), ['native-references', 'array']);
});

test('no more than five such lists are reported', async () => {
  const lists = (count: number): Program => ({
    modules: times(7, (n) => {
      const handler = object(`Handler${'abcdefg'[n] ?? ''}`);
      return moduleWith(`/app/${n}.js`, {
        handler,
        called: collection(
          'Map',
          times(count, () => handler),
        ),
      });
    }),
  });
  assert.equal((await suspectsOf(lists, [2000, 4000])).length, 5);
});

test('elements of strings and of plain data are no references', async () => {
  const strings = (count: number): Program => {
    const one = large('Text');
    one.type = 'code';
    return { modules: [moduleWith(APP, { one, called: array(times(count, () => one)) })] };
  };
  assert.deepEqual(await suspectsOf(strings, [2000, 4000]), []);
});

test('references of many small lists are not told', async () => {
  const small = (count: number): Program => {
    const handler = object('Handler');
    return {
      modules: [
        moduleWith(APP, { handler }),
        moduleWith('/app/bus.js', { lists: array(times(50, () => array(times(count, () => handler)))) }),
      ],
    };
  };
  assert.deepEqual(await suspectsOf(small, [20, 60]), []);
});
