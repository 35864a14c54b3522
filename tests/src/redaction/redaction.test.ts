/** A redacted snapshot answers every question like the original, and contains none of the program's data. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  endingReader,
  findSuspects,
  openSnapshot,
  redactor,
  SnapshotFormatError,
  type RedactionLevel,
  type Snapshot,
} from '@afterimage/snapshot';
import fc from 'fast-check';
import { leaksIn, type Secret } from '../../../bench/dist/redaction/secrets.js';
import { differences } from '../snapshot/devtools-differences.js';
import { loadNodesInDevTools } from '../snapshot/devtools-model.js';
import { madeUpSnapshot } from '../snapshot/made-up-snapshot.js';
import { newestNodes, nodeOf, outerNodes } from '../nodes.js';
import {
  INTERNAL,
  PROPERTY,
  redact,
  redactAll,
  redactedNames,
  withNames,
  type Document,
} from './redacted-bytes.js';
import { temporaryDirectory } from '../temporary-directory.js';
import { PATIENCE_MS } from '../patience.js';

const writer = fileURLToPath(new URL('../snapshot/programs/write.js', import.meta.url));
const planter = fileURLToPath(new URL('../../../bench/redaction/planted-secrets.cjs', import.meta.url));
const run = promisify(execFile);
/** Replacement for a removed text. */
const MASKED = /‹\w+ \d+ chars #\w{12}›|‹user›|‹\d+ chars›|(?<=\()\.{3}(?= @)/g;

async function opened(bytes: Uint8Array): Promise<Snapshot> {
  return openSnapshot(chunksOf(bytes));
}

// eslint-disable-next-line @typescript-eslint/require-await -- a stream is what is to be read
async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Asserts equality, fast enough for millions of numbers. */
function assertSame(ours: ArrayLike<number>, theirs: ArrayLike<number>, what: string): void {
  assert.equal(ours.length, theirs.length, what);
  for (let at = 0; at < ours.length; at++) {
    if (ours[at] !== theirs[at]) assert.fail(`${what} ${at}: ${ours[at]} instead of ${theirs[at]}`);
  }
}

/** Everything but texts, and what is worked out of it. */
function assertSameGraph(redacted: Snapshot, original: Snapshot): void {
  const [ours, theirs] = [redacted.graph, original.graph];
  for (const column of ['nodeType', 'nodeId', 'selfSize', 'firstEdge', 'edgeType', 'edgeTo'] as const) {
    assertSame(ours[column], theirs[column], column);
  }
  for (const column of ['node', 'script', 'line', 'column'] as const) {
    assertSame(ours.locations[column], theirs.locations[column], `location's ${column}`);
  }
  for (const part of ['shallowSize', 'retainedSize', 'dominator', 'distance'] as const) {
    assertSame(redacted[part], original[part], part);
  }
}

/** Equal texts have stayed equal, and different ones different. */
function assertSameEqualities(redacted: Snapshot, original: Snapshot): void {
  const [ours, theirs] = [redacted.graph, original.graph];
  const string = theirs.nodeTypes.indexOf('string');
  const shownAs = new Map<string, string>();
  const shown = new Set<string>();
  for (let node = 0; node < theirs.nodeCount; node++) {
    if (theirs.nodeType[node] !== string) continue;
    const [before, after] = [
      theirs.strings.get(theirs.nodeName[node] ?? 0),
      ours.strings.get(ours.nodeName[node] ?? 0),
    ];
    if (!shownAs.has(before)) {
      assert.ok(!shown.has(after), `${after} stands for two strings`);
      shown.add(after);
      shownAs.set(before, after);
    }
    assert.equal(after, shownAs.get(before), before);
  }
}

const classFigures = (snapshot: Snapshot): unknown[] =>
  snapshot
    .classes()
    .map(({ count, shallowBytes, retainedBytes, distance }) => [
      count,
      shallowBytes,
      retainedBytes,
      distance,
    ]);

/** Figures of the duplicate strings, as text. */
const copies = (snapshot: Snapshot): string[] =>
  snapshot
    .duplicateStrings()
    .map(({ count, shallowBytes, retainedBytes }) => `${count} ${shallowBytes} ${retainedBytes}`);

/**
 * A string that V8 keeps as two others is shown as those two: it is no longer equal to the same text in one piece.
 * There are few.
 */
function assertSameCopies(redacted: Snapshot, original: Snapshot): void {
  const rest = copies(redacted);
  const missing = copies(original).filter((row) => {
    const at = rest.indexOf(row);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
  assert.ok(missing.length <= 0.05 * copies(original).length, `${missing.length}: ${missing.join(', ')}`);
}

/** Where the answers differ, except for replaced texts. */
function answersThatDiffer(ours: unknown, theirs: unknown, where = ''): string[] {
  if (typeof ours === 'object' && ours !== null && typeof theirs === 'object' && theirs !== null) {
    const [mine, other] = [new Map(Object.entries(ours)), new Map(Object.entries(theirs))];
    return [...new Set([...mine.keys(), ...other.keys()])].flatMap((key) =>
      answersThatDiffer(mine.get(key), other.get(key), `${where}/${key}`),
    );
  }
  if (ours === theirs) return [];
  if (typeof ours === 'string' && typeof theirs === 'string' && ours.search(MASKED) >= 0) {
    const [first = '', ...rest] = ours.split(MASKED);
    const places = rest.map((text) => theirs.indexOf(text, first.length));
    if (theirs.startsWith(first) && places.every((place) => place >= 0)) return [];
  }
  return [`${where}: ${String(ours)} instead of ${String(theirs)}`];
}

describe('a redacted snapshot', { concurrency: 2 }, () => {
  // Each program on one of the two.
  for (const [column, node] of outerNodes.entries()) {
    const programs = [
      ['shop', 'plain'],
      ['shop', 'numbers'],
      ['weak', 'plain'],
      ['functions', 'internals'],
    ] as const;
    for (const [program, how] of programs.filter((_, row) => (row + column) % 2 === 0)) {
      it(
        `of Node ${node.major}, ${program}, ${how}, gives the same answers`,
        { timeout: PATIENCE_MS },
        async (t) => {
          const file = join(await temporaryDirectory(t), 'before.heapsnapshot');
          await run(node.path, [writer, program, how, file], { timeout: PATIENCE_MS });
          const bytes = await readFile(file);
          const [original, redacted] = await Promise.all([opened(bytes), opened(redact(bytes))]);
          assertSameGraph(redacted, original);
          assertSameEqualities(redacted, original);
          assert.deepEqual(classFigures(redacted), classFigures(original));
          assertSameCopies(redacted, original);
          assert.deepEqual(answersThatDiffer(findSuspects(redacted), findSuspects(original)), []);
          const lost = redacted.classes().filter(({ name }) => name.search(MASKED) >= 0);
          assert.ok(
            lost.length <= 2,
            `classes without their names: ${lost.map(({ name }) => name).join(', ')}`,
          );
        },
      );
    }
  }

  for (const level of ['strings', 'names'] as const) {
    it(
      `with level ${level} looks the same to DevTools and to this reader`,
      { timeout: PATIENCE_MS },
      async (t) => {
        const file = join(await temporaryDirectory(t), 'redacted.heapsnapshot');
        await run(nodeOf(24).path, [writer, 'shop', 'plain', file], { timeout: PATIENCE_MS });
        await writeFile(file, redact(await readFile(file), level));
        const [ours, theirs] = await Promise.all([openSnapshot(file), loadNodesInDevTools(file)]);
        assert.equal(differences(ours, theirs).join('\n'), '');
      },
    );
  }
});

describe('a redacted snapshot', { concurrency: 2 }, () => {
  for (const node of newestNodes) {
    it(`of Node ${node.major} contains none of 1,000 secrets`, { timeout: PATIENCE_MS }, async (t) => {
      const directory = await temporaryDirectory(t);
      const [secretsFile, file] = [join(directory, 'secrets'), join(directory, 'before.heapsnapshot')];
      await run(node.path, [planter, secretsFile, file, 'numbers'], { timeout: PATIENCE_MS });
      const secrets = JSON.parse(await readFile(secretsFile, 'utf8')) as Secret[];
      assert.ok(secrets.length >= 1000, `${secrets.length} secrets`);
      const found = leaksIn(redact(await readFile(file)).toString(), secrets);
      assert.deepEqual(found, []);
    });
  }

  it('is searched by a search that works', async (t) => {
    const directory = await temporaryDirectory(t);
    const [secretsFile, file] = [join(directory, 'secrets'), join(directory, 'before.heapsnapshot')];
    await run(nodeOf(24).path, [planter, secretsFile, file], { timeout: PATIENCE_MS });
    const secrets = JSON.parse(await readFile(secretsFile, 'utf8')) as Secret[];
    assert.equal(leaksIn(await readFile(file, 'utf8'), secrets).length, secrets.length);
  });
});

/** What stands between rows, between numbers, and behind the last: in V8 since Node 24, in V8 before, in nobody. */
const ROW_STYLES = [
  [',', ',', ''],
  ['\n,', ',', '\n'],
  [' ,\r\n', ', ', ' '],
] as const;
const ELEMENT = 1;
const HIDDEN = 4;
const LARGE_ELEMENT = 10_000_000;
/** The last four are to be written for others. */
const ELEMENTS = [3, LARGE_ELEMENT - 1, LARGE_ELEMENT, 123_456_789, -1, -(2 ** 31)];

/** Gives it numbers that are rare: indexes and sizes of many digits, and indexes below zero. */
function spread({ snapshot, nodes, edges }: Document): void {
  const { node_fields, edge_fields } = snapshot.meta;
  const size = node_fields.indexOf('self_size');
  for (let node = 0; node < nodes.length / node_fields.length; node += 4) {
    const sizes = [7, 123_456_789, 1_234_567_890_123_456];
    nodes[node * node_fields.length + size] = sizes[node % sizes.length] ?? 0;
  }
  for (let edge = 0; edge < edges.length / edge_fields.length; edge++) {
    if (edges[edge * edge_fields.length] !== ELEMENT) continue;
    edges[edge * edge_fields.length + 1] = ELEMENTS[edge % ELEMENTS.length] ?? 0;
  }
}

function written({ snapshot, nodes, edges, strings }: Document, style: readonly string[]): string {
  const [betweenRows, between, behind] = style;
  const rows = (numbers: number[], { length }: string[]): string =>
    Array.from({ length: numbers.length / length }, (_, row) =>
      numbers.slice(row * length, (row + 1) * length).join(between),
    ).join(betweenRows) + (behind ?? '');
  const { node_fields, edge_fields } = snapshot.meta;
  return (
    `{"snapshot":${JSON.stringify(snapshot)},"nodes":[${rows(nodes, node_fields)}],` +
    `"edges":[${rows(edges, edge_fields)}],"strings":${JSON.stringify(strings)}}`
  );
}

/** Its rows, with texts in the place of their indexes; what depends on the key is left out. */
function described({ snapshot, nodes, edges, strings }: Document): string[] {
  const text = (index: number | undefined): string => (strings[index ?? -1] ?? '?').replace(/#\w{12}/, '#');
  const { node_fields, edge_fields } = snapshot.meta;
  const described: string[] = [];
  for (let at = 0; at < nodes.length; at += node_fields.length) {
    const [type, name, ...rest] = nodes.slice(at, at + node_fields.length);
    described.push([type, text(name), ...rest].join(' '));
  }
  for (let at = 0; at < edges.length; at += edge_fields.length) {
    const [type, name = 0, to] = edges.slice(at, at + edge_fields.length);
    const index = name < LARGE_ELEMENT || ELEMENTS.includes(name) ? name : 'another';
    described.push([type, type === ELEMENT || type === HIDDEN ? index : text(name), to].join(' '));
  }
  return described;
}

/** The names that V8 gives to entries of weak maps. */
const EPHEMERON =
  /^(\d+) \/ part of key \(.*? (@\d+)\) -> value \(.*? (@\d+)\) pair in WeakMap \(table (@\d+)\)$/s;
const ephemeron = (entry = '', key = '', value = '', table = ''): string =>
  `${entry} / part of key (... ${key}) -> value (... ${value}) pair in WeakMap (table ${table})`;
const BETWEEN = [' / part of key (', ' @', ') -> value (', ' @', ') pair in WeakMap (table @', ')'];
/** With parts of it in its names, or with a part less. */
const ephemeronLike = fc
  .tuple(
    fc.array(fc.array(fc.constantFrom(...BETWEEN, '5', 'Session', '"', 'é', '\n'), { maxLength: 3 }), {
      minLength: 7,
      maxLength: 7,
    }),
    fc.integer({ min: 0, max: 20 }),
  )
  .map(([names, left]) =>
    ['1', 'Session', '5', 'token', '6', '7', '']
      .flatMap((text, at) => [
        ...(at % 2 === 1 && at < 5 ? (names[at] ?? []) : []),
        text,
        at === left ? '' : (BETWEEN[at] ?? ''),
      ])
      .join(''),
  );

describe('redacting generated graphs', () => {
  it('keeps their structure, however the bytes are split into chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 1e6 }),
        fc.integer({ min: 1, max: 5000 }),
        fc.constantFrom<RedactionLevel>('none', 'strings', 'names'),
        async (seed, pieces, level) => {
          const bytes = Buffer.from(madeUpSnapshot(seed));
          const { output, redacted } = redactAll(bytes, level, pieces);
          const [ours, theirs] = await Promise.all([opened(output), opened(bytes)]);
          assertSameGraph(ours, theirs);
          if (level === 'none') assert.deepEqual(ours.duplicateStrings(), theirs.duplicateStrings());
          assert.equal(redacted.bytes, output.length);
        },
      ),
      // In this one the edge that DevTools leaves out by its name is a property.
      { numRuns: 30, examples: [[236817, 5000, 'names']] },
    );
  });

  it("gives the same result for rows in V8's format and with spaces", () => {
    for (const level of ['strings', 'names'] as const) {
      for (const seed of [1, 2, 3, 4]) {
        const document = JSON.parse(madeUpSnapshot(seed)) as Document;
        spread(document);
        const [first = [], ...others] = ROW_STYLES.flatMap((style) =>
          [7, 1 << 16].map((pieces) => {
            const text = redact(Buffer.from(written(document, style)), level, pieces).toString();
            return described(JSON.parse(text) as Document);
          }),
        );
        for (const other of others) assert.deepEqual(other, first);
      }
    }
  });

  it('ends with a clear error or a complete snapshot, whatever is wrong with them', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 1e6 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.constantFrom('0', '9', ',', '-', '"', '\\', ']', '[', '{', '}', 'x', ''),
        fc.constantFrom<RedactionLevel>('none', 'strings', 'names'),
        async (seed, where, byte, level) => {
          const bytes = Buffer.from(madeUpSnapshot(seed));
          const at = Math.floor(where * bytes.length);
          const altered = Buffer.concat([bytes.subarray(0, at), Buffer.from(byte), bytes.subarray(at + 1)]);
          let output: Buffer;
          try {
            output = redact(altered, level, 1000);
          } catch (error) {
            assert.ok(error instanceof SnapshotFormatError, String(error));
            assert.doesNotMatch(error.message, /\n|undefined|NaN/);
            return;
          }
          // What it let pass, a reader may still refuse, but with the same clear words.
          await opened(output).catch((error: unknown) => {
            assert.ok(error instanceof SnapshotFormatError, String(error));
          });
        },
      ),
      { numRuns: 100 },
    );
  });

  it('rejects a name before the type that decides about it', () => {
    const text = madeUpSnapshot(3).replace('"type","name","id"', '"name","type","id"');
    assert.throws(() => redact(Buffer.from(text)), /its header puts names before types/);
  });

  it('rejects a number with too many digits', () => {
    const document = JSON.parse(madeUpSnapshot(3)) as Document;
    for (const [digits, error] of [
      [16, null],
      [17, /a number of the nodes is too long/],
    ] as const) {
      const text = written(document, ROW_STYLES[0]).replace(
        /("nodes":\[\d+,\d+,)\d+/,
        `$1${'1'.repeat(digits)}`,
      );
      if (error === null) redact(Buffer.from(text));
      else assert.throws(() => redact(Buffer.from(text)), error);
    }
  });

  it("keeps the names of many strings, whatever their records' memory contained before", () => {
    for (const count of [5_000, 63_000, 65_537, 66_000, 131_000]) {
      const names = Array.from({ length: count }, (_, at) => `customerName${at % 1000}`);
      assert.deepEqual(redactedNames(PROPERTY, names), names, `${count} strings`);
    }
  });

  it('hides element numbers that may be data, even with so many strings that its memory moves', () => {
    const names = Array.from({ length: 300_000 }, (_, at) => `customerName${at % 1000}`);
    const document = withNames(PROPERTY, names);
    const { edges } = document;
    const first = 4_111_111_000;
    for (let at = 3 * Math.floor(edges.length / 6); at < edges.length; at += 3)
      edges.splice(at, 2, ELEMENT, first + at);
    const shown = JSON.parse(redact(Buffer.from(JSON.stringify(document))).toString()) as Document;
    const elements = shown.edges.filter((_, at) => at % 3 === 1 && shown.edges[at - 1] === ELEMENT);
    assert.ok(elements.length > 40_000, `${elements.length} elements`);
    assert.ok(new Set(elements).size > 0.999 * elements.length, 'many became one');
    const told = elements.filter((index) => index >= first && index < first + edges.length);
    // One in 14,000 numbers that are as unlikely lies there by chance.
    assert.ok(told.length < 100, `${told.length} are as they were`);
  });

  it('is complete if chunks are returned after copying', () => {
    const document = withNames(
      PROPERTY,
      Array.from({ length: 100_000 }, (_, at) => `customerName${at % 1000}`),
    );
    const bytes = Buffer.from(JSON.stringify(document));
    const redaction = redactor({ level: 'strings' });
    const ending = endingReader();
    const buffers = new Set<ArrayBufferLike>();
    let chunks = 0;
    for (let at = 0; at < bytes.length; at += 1 << 16) {
      for (const chunk of redaction.push(bytes.subarray(at, at + (1 << 16)))) {
        ending.push(Buffer.from(chunk));
        buffers.add(chunk.buffer);
        redaction.reuse(chunk);
        chunks++;
      }
    }
    for (const chunk of redaction.end().chunks) ending.push(chunk);
    const { ending: said, sha256 } = ending.end();
    assert.equal(said?.sha256, sha256);
    assert.ok(buffers.size < chunks, `${buffers.size} buffers of ${chunks} chunks`);
  });

  it('keeps the numbers of weak map entries, and no name', () => {
    let replaced = 0;
    fc.assert(
      fc.property(fc.array(ephemeronLike, { minLength: 50, maxLength: 50 }), (names) => {
        for (const [at, shown] of redactedNames(INTERNAL, names).entries()) {
          const name = names[at] ?? '';
          const [, ...numbers] = EPHEMERON.exec(name) ?? [];
          if (numbers.length > 0) assert.equal(shown, ephemeron(...numbers));
          else assert.ok(shown === name || shown.startsWith('‹name '), `${name}: ${shown}`);
          replaced += Number(numbers.length > 0);
        }
      }),
      { numRuns: 100 },
    );
    assert.ok(replaced > 1000, `${replaced} were such names`);
  });

  it('rejects strings that come before their uses', () => {
    const { snapshot, strings, ...rest } = JSON.parse(madeUpSnapshot(3)) as Record<string, unknown>;
    const text = JSON.stringify({ snapshot, strings, ...rest });
    assert.throws(() => redact(Buffer.from(text)), /its section nodes comes after its strings/);
  });

  it('rejects truncated snapshots', () => {
    const bytes = Buffer.from(madeUpSnapshot(7));
    for (let length = 0; length < bytes.length; length += 97) {
      assert.throws(() => redact(bytes.subarray(0, length)), {
        name: 'SnapshotFormatError',
        code: 'truncated',
      });
    }
  });
});
