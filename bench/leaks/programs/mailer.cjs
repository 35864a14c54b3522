// Every campaign adds a transport for its own log to the shared winston logger and only forgets it when it is over;
// `logger.remove` is never called, so the logger goes on piping to all of them.
const { Writable } = require('node:stream');
const winston = require('winston');
const { library, BoundedCache } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const templates = library(900, 12_000);
const bounces = new BoundedCache(500);
const deliveryLog = winston.createLogger({ level: 'error', transports: [] }).setMaxListeners(0);

function campaignLog(number) {
  const stream = new Writable({ write: (_chunk, _encoding, done) => done() });
  return new winston.transports.Stream({
    stream,
    level: 'info',
    format: winston.format.label({ label: `c${number}` }),
  });
}

function runCampaign(number) {
  deliveryLog.add(campaignLog(number));
  const template = templates[number % templates.length];
  for (let mail = 0; mail < 5; mail++) {
    deliveryLog.debug(`${template.title} to ${mail}`);
    bounces.set(`${number}/${mail}`, { at: number, reason: 'mailbox full' });
  }
}

module.exports = { runCampaign };

drive({
  kind: 'winston transports never removed',
  culprit: 'deliveryLog',
  perPhase: 400,
  step: runCampaign,
});
