// Each report keeps a function that formats it; that function shares its scope with another one that looks at the
// report before, so each report keeps its predecessor, and that one its own, back to the first.
const { catalogue, assets, RingBuffer } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const shop = catalogue(16_000);
const charts = assets(25, 120_000);
const totals = new RingBuffer(50);
let latest = null;

function makeReport(number) {
  const previousReport = latest;
  const rows = Array.from({ length: 200 }, (_, n) => ({
    sku: shop.at(number + n).sku,
    sold: (number * n) / 7,
  }));
  const trend = () => (previousReport ? rows[0].sold - previousReport.total : 0);
  latest = {
    total: rows.reduce((sum, { sold }) => sum + sold, 0),
    chart: charts.get('/static/basalt-1.png')?.length,
    format: () => rows.map(({ sku, sold }) => `${sku} ${sold}`).join('\n'),
  };
  totals.push(latest.total + trend());
}

module.exports = { makeReport, latest: () => latest };

drive({
  kind: 'closures that keep a large context alive',
  culprit: 'previousReport',
  perPhase: 100,
  step: makeReport,
});
