// The schema is rebuilt for each request and passed to one long-lived Ajv instance, which caches compiled
// schemas by object identity: it compiles each time and keeps every result.
import { Ajv } from 'ajv';
import { catalogue, RingBuffer } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const shop = catalogue(20_000);
const rejected = new RingBuffer(200);
const formValidator = new Ajv({ allErrors: true });

function schemaFor(maximum) {
  return {
    type: 'object',
    properties: { sku: { type: 'string' }, quantity: { type: 'integer', minimum: 1, maximum } },
    required: ['sku', 'quantity'],
  };
}

function submit(form) {
  const { stock } = shop.bySku.get(form.sku);
  if (!formValidator.validate(schemaFor(stock), form)) rejected.push({ form, errors: formValidator.errors });
}

await drive({
  kind: 'validators compiled for each request (ajv)',
  culprit: 'formValidator',
  perPhase: 100,
  step: (number) => submit({ sku: shop.at(number).sku, quantity: number % 60 }),
});
