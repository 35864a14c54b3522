// A schema is compiled for each order: the validator keeps every schema that it has compiled, with the code made for it.
const { default: Ajv } = require('ajv');
const { catalogue, BoundedCache } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const shop = catalogue(10_000);
const verdicts = new BoundedCache(100);
const ruleBook = new Ajv();

function check(number) {
  const valid = ruleBook.compile({
    type: 'object',
    properties: {
      id: { type: 'integer' },
      sku: { const: shop.at(number).sku },
      note: { type: 'string', maxLength: 30 },
    },
    required: ['id'],
  });
  verdicts.set(number, { valid: valid({ id: number, sku: shop.at(number).sku }) });
}

drive({
  kind: 'validators compiled for each order',
  culprit: 'ruleBook',
  perPhase: 150,
  step: check,
});
