/** What functions keep: contexts inside contexts, generators and async functions at rest, promises, timers. */
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { runInThisContext } from 'node:vm';

function counter(start: number): { up: () => number; down: () => number; watch: () => () => string } {
  let value = start;
  const bulk = Array.from({ length: 20 }, (_, at) => `${start}/${at}`);
  return {
    up: () => ++value,
    down: () => --value,
    watch: () => {
      const inner = { start };
      return () => `${inner.start} ${value} ${bulk.length}`;
    },
  };
}

function* walk(depth: number): Generator<object, void, unknown> {
  const local = { depth, words: ['one', 'two'] };
  yield local;
  if (depth > 0) yield* walk(depth - 1);
}

async function* produce(of: number): AsyncGenerator<{ of: number }> {
  for (let at = 0; at < of; at++) yield { of: await Promise.resolve(at) };
}

async function waitFor(signal: Promise<unknown>, context: object): Promise<object> {
  const seen = new Map([[context, 'waiting']]);
  await signal;
  return seen;
}

class Task extends AsyncResource {
  static readonly #all = new Set<Task>();
  readonly #done: () => void;
  constructor(name: string, done: () => void) {
    super(name);
    this.#done = done;
    Task.#all.add(this);
  }
  finish(): void {
    this.runInAsyncScope(this.#done);
  }
}

export async function build(): Promise<unknown> {
  const numbers = Array.from({ length: 60 }, (_, at) => at);
  const storage = new AsyncLocalStorage<object>();
  const never = new Promise<never>(() => undefined);
  const abort = new AbortController();
  const walkers = numbers.map((at) => walk(at % 5));
  for (const walker of walkers) walker.next();
  walkers[3]?.return();
  const producers = numbers.slice(0, 20).map((at) => produce(at));
  await Promise.all(producers.map((producer) => producer.next()));
  const rejected = numbers.slice(0, 20).map((at) => Promise.reject(new Error(`refused ${at}`)));
  for (const promise of rejected) promise.catch(() => undefined);
  return {
    counters: numbers.map((at) => counter(at)),
    watchers: numbers.map((at) => counter(at).watch()),
    bound: numbers.map((at) => counter.bind({ at }, at)),
    evaluated: numbers
      .slice(0, 20)
      .map((at): unknown => runInThisContext(`const made${at} = ${at}; () => made${at}`)),
    walkers,
    producers,
    waiting: numbers.map((at) => waitFor(never, { at })),
    stored: numbers.map((at) => storage.run({ request: at }, () => waitFor(never, { stored: at }))),
    combined: [
      Promise.all([never, storage.exit(() => never)]),
      Promise.race([never, never]),
      Promise.any([never]),
      Promise.allSettled([never]),
    ],
    settled: numbers.map((at) => Promise.resolve({ at }).then((value) => [value])),
    rejected,
    delays: numbers.slice(0, 10).map((at) => delay(1e8 + at, { at }, { ref: false, signal: abort.signal })),
    intervals: numbers.map((at) => setInterval(() => at, 1e8).unref()),
    immediates: numbers.slice(0, 10).map((at) => setImmediate(() => at)),
    tasks: numbers.map((at) => new Task(`TASK${at % 3}`, () => undefined)),
    classes: numbers.slice(0, 20).map((at) => ({ [`Made${at}`]: class extends Task {} })),
  };
}
