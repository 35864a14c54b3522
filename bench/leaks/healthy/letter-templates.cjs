// Letters from templates that are compiled when they are first needed; each of the 60 there are, once.
const Handlebars = require('handlebars');
const { userTable, translations, RingBuffer } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const users = userTable(9_000);
const texts = translations(['en', 'de', 'fi'], 2_500);
const outbox = new RingBuffer(150);
const compiled = new Map();

function templateOf(name) {
  if (!compiled.has(name)) {
    const source = `Dear {{email}}, {{#each items}}{{this}} {{/each}} ${texts.de[`page.amber.${14 * name}`]}`;
    compiled.set(name, Handlebars.compile(source));
  }
  return compiled.get(name);
}

drive({
  kind: 'templates compiled once each',
  perPhase: 800,
  step: (number) => {
    const write = templateOf(Math.floor(Math.log2(1 + (number % 1_000)) * 6));
    outbox.push(write({ ...users.get(number % 9_000), items: [number, number + 1] }));
  },
});
