// Caches of three libraries: by number of keys, and by time, where as much expires as is added.
const { default: Keyv } = require('keyv');
const NodeCache = require('node-cache');
const { LRUCache } = require('lru-cache');
const { userTable, library } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const users = userTable(8_000);
const articles = library(800, 7_000);
let now = 1e6;
const profiles = new LRUCache({ maxSize: 900_000, sizeCalculation: ({ text }) => text.length, max: 700 });
const tokens = new NodeCache({ maxKeys: 400, useClones: false });
const drafts = new Keyv();
const codes = new Map();

drive({
  kind: 'caches bounded by number, by size and by time',
  perPhase: 500,
  warmUp: 500,
  step: async (number) => {
    now += 10;
    const { email } = users.get(number % 8_000);
    profiles.set(number, { email, text: articles[number % 800].body.slice(0, 700) + number });
    if (tokens.getStats().keys >= 400) tokens.del(tokens.keys()[0]);
    tokens.set(`token ${number}`, { email, number });
    await drafts.set(`draft ${number % 120}`, { email, at: now });
    codes.set(number, { email, until: now + 3_000 });
    for (const [key, { until }] of codes) if (until < now) codes.delete(key);
  },
});
