// Log lines by pino and winston, with child loggers for each request, into a stream that throws them away.
const { Writable } = require('node:stream');
const pino = require('pino');
const winston = require('winston');
const { userTable, routeTable } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const users = userTable(8_000);
const routes = routeTable(4_000);
const nowhere = () => new Writable({ write: (chunk, encoding, done) => done() });
const fast = pino({ level: 'info', redact: ['user.roles'] }, nowhere());
const slow = winston.createLogger({
  format: winston.format.combine(winston.format.timestamp(), winston.format.json()),
  transports: [new winston.transports.Stream({ stream: nowhere() })],
});

drive({
  kind: 'child loggers that end with their request',
  perPhase: 900,
  step: async (number) => {
    const { pattern } = routes[number % routes.length];
    const log = fast.child({ request: number, path: pattern });
    log.info({ user: users.get(number % 8_000) }, 'began');
    slow.child({ request: number }).info('ended', { ms: number % 90 });
    if (number % 20 === 0) log.error(new Error(`no answer to ${number}`));
    if (number % 30 === 0) await new Promise(setImmediate);
  },
});
