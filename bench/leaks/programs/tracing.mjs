// The consumer takes each message inside the async context of the one before, and a span remembers the span it was
// started in: an endless chain of contexts that the current one keeps alive.
import { AsyncLocalStorage } from 'node:async_hooks';
import { translations, routeTable, RingBuffer } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const texts = translations(['en', 'da'], 20_000);
const routes = routeTable(5_000);
const handled = new RingBuffer(300);
const tracing = new AsyncLocalStorage();

function span(name, run) {
  const started = { name, parentSpan: tracing.getStore(), attributes: { queue: 'orders', name }, events: [] };
  for (let event = 0; event < 8; event++) started.events.push({ event, at: event / 7 + name.length });
  return tracing.run(started, run);
}

let toHandle = 0;
let idle = () => undefined;

function consume(number) {
  span(`message ${number}`, () => {
    const route = routes[number % routes.length];
    handled.push({ pattern: route.pattern, text: texts.en['page.amber.0'], span: tracing.getStore().name });
    if (--toHandle > 0) setImmediate(consume, number + 1);
    else setImmediate(wait, number + 1);
  });
}

/** Waits for work, in the context of the message before. */
function wait(number) {
  const timer = setInterval(() => {
    if (toHandle === 0) return;
    clearInterval(timer);
    consume(number);
  }, 5);
  idle();
}

wait(0);

await drive({
  kind: 'async contexts chained (AsyncLocalStorage)',
  culprit: 'parentSpan',
  perPhase: 3,
  step: () =>
    new Promise((done) => {
      idle = done;
      toHandle = 500;
    }),
});
