// `meta({ id })` registers a zod schema in the global registry, which keeps schemas with an ID by name
// forever; here each import job creates one.
import { z } from 'zod';
import { terrain, catalogue, BoundedCache } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const tiles = terrain(30, 128);
const shop = catalogue(9_000);
const results = new BoundedCache(300);

function importRow(number) {
  const row = z
    .object({ sku: z.string().min(1), height: z.number(), count: z.number().int().optional() })
    .meta({ id: `import-${number}`, title: `Import ${number}` });
  const parsed = row.safeParse({
    sku: shop.at(number).sku,
    height: tiles[number % 30].heights[number % 100],
  });
  results.set(number, { ok: parsed.success });
}

await drive({
  kind: 'schemas in a global registry (zod)',
  culprit: '_idmap',
  perPhase: 120,
  step: importRow,
});
