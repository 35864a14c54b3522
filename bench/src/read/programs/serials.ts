/**
 * Objects with serial numbers, of many kinds, in a program that keeps, replaces or moves them between two images of itself.
 *   node --expose-gc serials.js SCENARIO IMAGE IMAGE
 */
import { closeSync, openSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { loadAddon } from '@afterimage/image/native-part';

const [scenario = 'append', before = '/dev/null', after = '/dev/null'] = process.argv.slice(2);
const addon = loadAddon();
const collect = (globalThis as { gc?: (options?: { type: 'minor' }) => void }).gc ?? (() => undefined);

/** A field that is written once. */
class Entry {
  readonly label: string;
  readonly box = new Box();
  constructor(readonly serial: number) {
    this.label = `entry ${serial}`;
  }
}
/** Has nothing that tells it from others: what holds it does. */
class Box {
  filled = true;
}
/** Fields that V8 sees written twice, as TypeScript's classes have them. */
class Late {
  serial = 0;
  payload = '';
  box: Box | null = null;
  /** Changes while the object stays the same. */
  usedAt = Date.now();
  constructor(serial: number) {
    this.serial = serial;
    this.payload = ['the same', 'in', 'each'].join(' ');
    this.box = new Box();
  }
}
/** Nothing about it or its holder says which one it is; the register does. */
class Blank {
  filled = true;
}
class Register {
  serials: number[] = [];
  blanks: Blank[] = [];
}
const register = new Register();

interface Made {
  serial: number;
  all: unknown[];
}

function closureOf(serial: number): () => number {
  return function closureWithSerial() {
    return serial;
  };
}

function make(serial: number): Made {
  const blank = new Blank();
  return {
    serial,
    all: [
      new Entry(serial),
      new Late(serial),
      { serial, ofLiteral: true },
      closureOf(serial),
      [serial, 'ofArray', serial % 3],
      ['text with serial', serial].join(' '),
      blank,
    ],
  };
}

let next = 0;
const held = new Map<number, Made>();
const add = (key = next): void => {
  held.delete(key);
  held.set(key, make(next++));
};
const addMany = (count: number): void => {
  for (let index = 0; index < count; index++) add();
};
/** As many of the oldest are forgotten. */
const forget = (count: number): void => {
  for (const key of held.keys()) {
    if (count-- <= 0) return;
    held.delete(key);
  }
};

const garbage = (megabytes: number): void => {
  let kept: unknown[] = [];
  for (let made = 0; made < megabytes * 8192; made++) {
    kept.push(new Array(16).fill(made));
    if (kept.length > 20_000) kept = [];
  }
};
/** Promotes what is alive. */
const settle = (): void => {
  for (let times = 0; times < 2; times++) collect();
};
const random = (() => {
  let state = 12345;
  return (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state % below;
  };
})();

/** As a server does with what it serves. */
function use(): void {
  for (const { all } of held.values())
    for (const each of all) if (each instanceof Late) each.usedAt = Date.now() + each.serial;
}
function addMore(): void {
  use();
  addMany(COUNT);
  garbage(80);
  collect();
}
function begin(): void {
  addMany(COUNT);
  settle();
}

const COUNT = Number(process.env['SERIALS'] ?? 4000);
/** What happens before the first image, and between both. */
const SCENARIOS: Record<string, { first: () => void; then: () => void }> = {
  /** What is young when the first is taken moves. */
  append: {
    first: () => {
      addMany(COUNT);
      use();
    },
    then: addMore,
  },
  'append, old': { first: begin, then: addMore },
  'no collection': {
    first: () => {
      begin();
      addMany(COUNT / 40);
    },
    then: () => {
      addMany(COUNT / 80);
    },
  },
  /** Half of a cache is replaced, oldest first. */
  cache: {
    first: begin,
    then: () => {
      for (let round = 0; round < 10; round++) {
        forget(COUNT / 20);
        addMany(COUNT / 20);
        garbage(8);
        collect();
      }
    },
  },
  /** All of a cache is replaced, more than once. */
  'cache, all': {
    first: begin,
    then: () => {
      for (let round = 0; round < 30; round++) {
        forget(COUNT / 10);
        addMany(COUNT / 10);
        collect();
      }
    },
  },
  /** Slots that are chosen at random are taken by new objects, under the same keys. */
  ring: {
    first: begin,
    then: () => {
      for (let round = 0; round < 10; round++) {
        for (let index = 0; index < COUNT / 10; index++) add(random(COUNT));
        collect();
      }
    },
  },
  /** All slots in turn, an even number of times. */
  'ring, all': {
    first: begin,
    then: () => {
      for (let round = 0; round < 4; round++) {
        for (let index = 0; index < COUNT; index++) {
          add(index);
          if (index % 500 === 0) collect();
        }
        settle();
      }
    },
  },
  /** Pages with few objects left are emptied. */
  compaction: {
    first: () => {
      addMany(2 * COUNT);
      settle();
    },
    then: () => {
      for (const key of [...held.keys()]) if (random(4) > 0) held.delete(key);
      setFlagsFromString('--compact-on-every-full-gc');
      setFlagsFromString('--always-compact');
      for (let times = 0; times < 3; times++) collect();
      addMany(COUNT / 10);
      collect();
    },
  },
};

function image(file: string): Promise<void> {
  const made = [...held.values()];
  register.serials = made.map(({ serial }) => serial);
  register.blanks = made.map(({ all }) => all.at(-1) as Blank);
  const output = openSync(file, 'w');
  const { v8 } = process.versions;
  const heap = { used: process.memoryUsage().heapUsed, total: 0, limit: 0, external: 0, arrayBuffers: 0 };
  const metadata = Buffer.from(
    JSON.stringify({ format: 1, name: 'serials', pid: process.pid, v8Version: v8, heap }),
  );
  return new Promise((resolve, reject) => {
    const { failure } = addon.captureSync(
      { output, metadata, parkTimeoutMs: 10_000, omitProgram: false, kept: [], symbols: '' },
      () => {
        closeSync(output);
        resolve();
      },
    );
    if (failure) reject(new Error(failure.message));
  });
}

const alive = setInterval(() => undefined, 1000);
const steps = SCENARIOS[scenario];
if (steps === undefined) throw new Error(`no scenario ${scenario}`);
steps.first();
await image(before);
steps.then();
await image(after);
clearInterval(alive);
