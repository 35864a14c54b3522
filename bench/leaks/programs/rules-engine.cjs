// Pricing rules are reloaded by deleting them from `require.cache` and requiring them again; the module that requires
// them keeps each old copy in `module.children`.
const { mkdtempSync, writeFileSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { catalogue, RefreshedTable } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const shop = catalogue(15_000);
const taxes = new RefreshedTable();
const directory = mkdtempSync(join(tmpdir(), 'rules-'));
process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
const rulesFile = join(directory, 'rules.js');
const table = Array.from(
  { length: 60 },
  (_, n) => `{ from: ${n}, discount: ${n / 100}, label: 'step ${n}' }`,
);
writeFileSync(rulesFile, `exports.steps = [${table.join()}]; exports.price = (p) => p.listPrice * 0.9;`);

function reloadRules() {
  delete require.cache[require.resolve(rulesFile)];
  return require(rulesFile);
}

function price(number) {
  if (number % 40 === 0) taxes.refresh(number, 2_000);
  return reloadRules().price(shop.at(number));
}

module.exports = { price };

drive({
  kind: 'module state: modules loaded again and again',
  culprit: 'children',
  perPhase: 200,
  step: price,
});
