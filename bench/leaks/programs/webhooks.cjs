// One pino child logger is made for each delivery, and all are kept in an object so that a retry finds "its" logger;
// a delivery that succeeds never takes its own out.
const pino = require('pino');
const { Writable } = require('node:stream');
const { configTree, routeTable } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const settings = configTree(4, 11);
const routes = routeTable(9_000);
const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
const log = pino({ level: 'info' }, nowhere);
const loggerByDelivery = {};

function loggerFor(delivery) {
  loggerByDelivery[delivery.id] ??= log.child(
    { delivery: delivery.id, url: delivery.url, headers: delivery.headers },
    { level: 'warn', redact: ['headers.authorization'] },
  );
  return loggerByDelivery[delivery.id];
}

function deliver(number) {
  const route = routes[number % routes.length];
  const url = `https://example.org${route.pattern}`;
  const delivery = {
    id: `d-${number}`,
    url,
    headers: { authorization: `token ${number}`, 'x-hook': 'order.paid' },
  };
  loggerFor(delivery).warn({ owner: settings.amber_0.basalt_1.owner }, 'delivered');
}

module.exports = { deliver, loggerFor };

drive({
  kind: 'pino child loggers kept',
  culprit: 'loggerByDelivery',
  perPhase: 700,
  step: deliver,
});
