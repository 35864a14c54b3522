/** Snapshots that were redacted one by one say the same of what grew as those that were not. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { diff, openSnapshot, type Growth, type RedactionLevel } from '@afterimage/snapshot';
import { newestNodes, nodeOf } from '../nodes.js';
import { runProgram } from '../snapshot/planted-snapshots.js';
import { redact } from '../redaction/redacted-bytes.js';
import { temporaryDirectory } from '../temporary-directory.js';
import { PATIENCE_MS } from '../patience.js';

const LEVELS: RedactionLevel[] = ['strings', 'names'];

/** What leaks here is held under names that redaction removes, several of one length in one place. */
const LEAKING = `
const { EventEmitter } = require('node:events');
class Listener { constructor(n) { this.n = n; this.text = 'listener ' + n; } }
class Заказ { constructor(n) { this.номер = n; this.строки = [n, n + 1]; } }
class Платёж { constructor(n) { this.номер = n; this.сумма = { всего: n }; } }
const bus = new EventEmitter().setMaxListeners(0);
const заказы = [];
const платежи = new Map();
const customers = { 'tenant-4711': [], 'alice@shop.example': [], 'carol@shop.example': [] };
const listener = (n) => { const kept = new Listener(n); return () => kept; };
for (let n = 0; n < 700; n++) bus.on('order-david', listener(n));
for (let n = 0; n < 200; n++) customers['alice@shop.example'].push({ n, at: [n] });
const settled = Array.from({ length: 500 }, (_, n) => new Платёж(n));
const pages = Array.from({ length: 300 }, (_, n) => 'page.' + ['alice', 'price'][n % 2] + '.' + n);
const texts = ['en', 'de', 'fr', 'pt', 'ja'].map((language) => Object.fromEntries(pages.map((page) => [page, language + page])));
globalThis.shop = { bus, заказы, платежи, customers, settled, texts };
for (let round = 1, n = 0; round <= 3; round++) {
  for (const end = n + 700; n < end; n++) {
    bus.on('order-alice', listener(n));
    if (n % 2 === 0) bus.on('order-carol', listener(n));
    заказы.push(new Заказ(n));
    платежи.set(n, { клиент: n, 'сумма заказа': [n] });
    customers['carol@shop.example'].push({ n, at: [n] });
  }
  snapshot(__dirname + '/' + round + '.heapsnapshot');
}`;

/** Between the snapshots come names that stand like those before, which are listened to by one function. */
const DOUBTFUL = `
const { EventEmitter } = require('node:events');
const bus = (globalThis.bus = new EventEmitter().setMaxListeners(0));
const listener = (n) => () => n;
const listen = (name, times) => { for (let n = 0; n < times; n++) bus.on(name, listener(n)); };
listen('order-alice', 900);
listen('order-carol', 1000);
snapshot(__dirname + '/1.heapsnapshot');
listen('order-alice', 900);
for (const name of ['david', 'erika', 'frank']) listen('order-' + name, 950);
snapshot(__dirname + '/2.heapsnapshot');`;

// eslint-disable-next-line @typescript-eslint/require-await -- a stream is what is to be read
async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function diffAt(files: readonly string[], level: RedactionLevel): Promise<Growth> {
  return diff(
    files.map((file) =>
      level === 'none' ? openSnapshot(file) : openSnapshot(chunksOf(redact(readFileSync(file), level))),
    ),
  );
}

/** All figures, and of the words those that no redaction takes out. */
function figures({ growth, suspects, classes, explainedShare }: Growth): unknown {
  return {
    growth,
    explainedShare,
    suspects: suspects.map(({ rank, kind, counts, bytes, share, holder }) => [
      ...[rank, kind, counts, bytes, share],
      ...[holder.class, holder.id, holder.entries, holder.instances],
    ]),
    classes: classes.map(({ counts, shallowBytes }) => [...counts, ...shallowBytes].join(' ')).sort(),
  };
}

describe('snapshots that were redacted separately', { concurrency: 2 }, () => {
  for (const node of newestNodes) {
    it(`show the same growth as unredacted ones, Node ${node.major}`, { timeout: PATIENCE_MS }, async (t) => {
      const directory = await temporaryDirectory(t);
      runProgram(node, directory, 'leaking', LEAKING);
      const [first = '', ...others] = [1, 2, 3].map((round) => join(directory, `${round}.heapsnapshot`));
      for (const [files, levels] of [
        [[first, ...others], LEVELS],
        [[first, others[1] ?? ''], LEVELS.slice(0, 1)],
      ] as const) {
        const original = await diffAt(files, 'none');
        assert.equal(original.unmatchedNames, 0);
        const found = original.suspects.reduce((sum, { parts }) => sum + 1 + parts.length, 0);
        assert.ok(found >= 5, original.summary);
        for (const level of levels) {
          const ours = await diffAt(files, level);
          assert.deepEqual(figures(ours), figures(original), level);
          assert.equal(ours.unmatchedNames, 0, `${level}: ${ours.notCovered.join()}`);
        }
      }
    });
  }

  it('get the names of the last one, and so do its paths', { timeout: PATIENCE_MS }, async (t) => {
    const directory = await temporaryDirectory(t);
    runProgram(nodeOf(24), directory, 'leaking', LEAKING);
    const { suspects, classes } = await diffAt(
      [1, 3].map((round) => join(directory, `${round}.heapsnapshot`)),
      'strings',
    );
    const orders = suspects.find(({ class: name }) => name.startsWith('{‹name 12 chars'));
    assert.ok(orders, suspects.map(({ class: name }) => name).join());
    // V8 has one more of a literal, by which it makes the others.
    const [counts = [], ...others] = classes
      .filter(({ name }) => name === orders.class)
      .map(({ counts }) => counts);
    assert.deepEqual(others, []);
    const [before = 0, after = 0] = counts;
    assert.ok(before === 700 || before === 701, counts.join());
    assert.equal(after - before, 1400);
  });

  it('report names that could not be matched', { timeout: PATIENCE_MS }, async (t) => {
    const directory = await temporaryDirectory(t);
    runProgram(nodeOf(24), directory, 'doubtful', DOUBTFUL);
    const files = [1, 2].map((round) => join(directory, `${round}.heapsnapshot`));
    const { unmatchedNames, notCovered } = await diffAt(files, 'strings');
    assert.ok(unmatchedNames > 0 && unmatchedNames <= 2, `${unmatchedNames} names`);
    assert.match(notCovered.join(), /^[12] redacted names? could not be followed/);
  });

  it('report different redaction levels', { timeout: PATIENCE_MS }, async (t) => {
    const directory = await temporaryDirectory(t);
    runProgram(nodeOf(24), directory, 'leaking', LEAKING);
    const [first = '', second = ''] = [1, 2].map((round) => join(directory, `${round}.heapsnapshot`));
    const { notCovered, unmatchedNames } = await diff([
      openSnapshot(chunksOf(redact(readFileSync(first)))),
      openSnapshot(second),
    ]);
    assert.match(notCovered.join(), /redacted differently \(strings, none\)/);
    assert.ok(unmatchedNames > 5, `${unmatchedNames} names`);
  });
});
