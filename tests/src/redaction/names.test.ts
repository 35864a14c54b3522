/** Which names are kept: those of known words, and of functions in any alphabet; none that contains data. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { madeUpSnapshot } from '../snapshot/made-up-snapshot.js';
import { PROPERTY, redact, redactedNames, type Document } from './redacted-bytes.js';

const KEPT = [
  ...['order-created', 'order:created', 'user/updated', 'tick-tock', 'price changed', 'order.created'],
  ...[
    'GET /users',
    '/users/:id',
    '--max-size',
    'room::closed',
    'cart-abandoned:v2',
    'user.*',
    'x-request-id',
  ],
  ...['get order-created', '<symbol order:paid>', 'http2/stream', 'sha256-digest', 'orderItem:priceChanged'],
  ...['http2Stream-closed', 'sha256_sum:changed'],
];
const DATA = [
  ...['alice-smith', 'acme-corp', 'tenant-4711', 'John Smith', 'order-alice', 'user:4711', 'price for bob'],
  ...[
    'order-smith-created',
    'user/17',
    'password:hunter2',
    'session-bolurika',
    'order-k3x9qz',
    'order-gap8pam2a',
    'order-gap8pam',
    'room:2024-01-01',
  ],
  ...[
    'alice@shop.example',
    'api.acme.com',
    'order.alice',
    '10.0.0.1',
    'db.internal:5432',
    'invoice-acme.pdf',
  ],
  ...[
    'correct-horse-battery-staple',
    'see you at the station at noon',
    '<symbol order-alice>',
    'get user-bob',
  ],
  ...['Заказ', '订单', 'crédit-paid', 'order-é', 'order--', '-', ':', '/ /', 'order---created'],
];
/** Of bundlers: words, a hash, an extension. */
const BUNDLES: [string, string][] = [
  ['/app/dist/main.3f9a8c17d2e4.js', '/app/dist/main.‹12 chars›.js'],
  ['/app/dist/chunk-4F2KQ7XN.mjs', '/app/dist/chunk-‹8 chars›.mjs'],
  ['/app/assets/index-BQ3xk_2Z-aZ9.js', '/app/assets/index-‹12 chars›.js'],
  ['/app/vendors~main.abcdef1234.chunk.js', '/app/vendors~main.‹10 chars›.chunk.js'],
  [
    '/app/.next/server/chunks/[root-of-the-server]__0f3a9c2e._.js',
    '/app/.next/server/chunks/[root-of-the-server]__‹8 chars›._.js',
  ],
  ['/srv/9f8c2e77a01b/index.js', '/srv/‹12 chars›/index.js'],
];

const between = fc.constantFrom('-', ':', '/', ' ', '::', '/:');
const word = fc.constantFrom(
  'order',
  'created',
  'user',
  'price',
  'changed',
  'session',
  'room',
  'invoice',
  'cart',
);
const letters = 'abcdefghijklmnopqrstuvwxyz';
const text = (characters: string, length: number): fc.Arbitrary<string> =>
  fc
    .array(fc.constantFrom(...characters.split('')), { minLength: length, maxLength: length })
    .map((units) => units.join(''));
/** No word of any program. */
const datum = fc.oneof(
  fc
    .array(fc.constantFrom('bo', 'lu', 'ri', 'ka', 'zu', 'vy'), { minLength: 4, maxLength: 4 })
    .map((all) => all.join('')),
  text('0123456789', 4),
  text(`${letters}0123456789`, 9).filter((made) => /\d/.test(made)),
  text('bcdfghjklmnpqrstvwxz', 8),
  fc.constantFrom('alice', 'Smith', 'bob', 'JOHN', 'acme', 'jones'),
);
const joined = fc
  .tuple(fc.array(word, { maxLength: 3 }), datum, fc.array(word, { maxLength: 2 }), between)
  .filter(([before, , after]) => before.length + after.length > 0)
  .map(([before, secret, after, separator]) => [...before, secret, ...after].join(separator));

describe('names that are joined words', () => {
  it('are kept if all words are known', () => {
    assert.deepEqual(redactedNames(PROPERTY, KEPT), KEPT);
  });

  it('are removed if one looks like data', () => {
    const shown = redactedNames(PROPERTY, DATA);
    assert.deepEqual(
      DATA.filter((_, at) => !shown[at]?.startsWith('‹name ')),
      [],
    );
  });

  it('are never kept if a part is unknown', () => {
    fc.assert(
      fc.property(fc.array(joined, { minLength: 100, maxLength: 100 }), (names) => {
        for (const [at, shown] of redactedNames(PROPERTY, names).entries()) {
          assert.equal(shown.replace(/ #\w{12}/, ''), `‹name ${names[at]?.length ?? 0} chars›`, names[at]);
        }
      }),
      { numRuns: 40 },
    );
  });
});

/** With the type and the name of its second node replaced; returns what becomes of the name. */
function redactedNode(type: string, name: string): string {
  const document = JSON.parse(madeUpSnapshot(3)) as Document & {
    snapshot: { meta: { node_types: [string[]] } };
  };
  const { node_fields, node_types } = document.snapshot.meta;
  document.nodes[node_fields.length] = node_types[0].indexOf(type);
  document.nodes[node_fields.length + 1] = document.strings.push(name) - 1;
  const { nodes, strings } = JSON.parse(redact(Buffer.from(JSON.stringify(document))).toString()) as Document;
  return strings[nodes[node_fields.length + 1] ?? -1] ?? '';
}

describe('values', () => {
  it('are removed, even if they are words of programs', () => {
    for (const word of ['session', 'double', 'bigint'])
      assert.match(redactedNode('string', word), /^‹string \d+ chars #\w{12}›$/, word);
  });

  it('of numbers are kept if they are words of V8', () => {
    for (const word of ['heap number', 'smi number']) assert.equal(redactedNode('number', word), word);
    assert.match(redactedNode('number', '4711'), /^‹/);
  });
});

describe('names in other alphabets', () => {
  for (const name of ['Заказ', '订单', 'Crédit', 'get сумма', 'größe2']) {
    it(`are kept if a function has them in its source: ${name}`, () => {
      assert.equal(redactedNode('closure', name), name);
      assert.match(redactedNode('object', name), /^‹name /);
    });
  }

  it('are removed even then if they look like data', () => {
    for (const name of ['счёт4155550123', 'ключ9f8c2e77a01b', 'Заказ номер', 'é'.repeat(60)]) {
      assert.match(redactedNode('closure', name), /^‹name /, name);
    }
  });
});

describe('file names of bundles', () => {
  it('keep their words and lose their hash', () => {
    assert.deepEqual(
      redactedNames(
        PROPERTY,
        BUNDLES.map(([path]) => path),
      ),
      BUNDLES.map(([, shown]) => shown),
    );
  });

  it('show no unknown part', () => {
    fc.assert(
      fc.property(
        fc.array(text('bcdfghjklmnpqrstvwxz0123456789', 12), { minLength: 50, maxLength: 50 }),
        (hashes) => {
          const paths = hashes.map((hash) => `/app/dist/main-${hash}.chunk.js`);
          for (const [at, shown] of redactedNames(PROPERTY, paths).entries()) {
            if (shown !== paths[at]) assert.equal(shown, '/app/dist/main-‹12 chars›.chunk.js');
          }
        },
      ),
      { numRuns: 20 },
    );
  });
});
