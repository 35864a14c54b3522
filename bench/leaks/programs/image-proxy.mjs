// An object is used as a cache by URL, including the query string, so each signed URL gets its own entry.
import { terrain, catalogue, RefreshedTable } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const tiles = terrain(50, 128);
const shop = catalogue(10_000);
const quotas = new RefreshedTable();
const metadataByUrl = Object.create(null);

function metadata(url) {
  metadataByUrl[url] ??= {
    type: 'image/webp',
    size: { width: url.length * 16, height: url.length * 9.5 },
    palette: [0.1, 0.2, 0.3].map((value) => ({ red: value, green: value / 2, blue: value / 3 })),
    tile: tiles[url.length % 50].north,
  };
  return metadataByUrl[url];
}

await drive({
  kind: 'object used as a cache without a bound',
  culprit: 'metadataByUrl',
  perPhase: 2_500,
  step: (number) => {
    if (number % 500 === 0) quotas.refresh(number, 4_000);
    metadata(`https://images.example.org/${shop.at(number).sku}.webp?signature=${number.toString(36)}`);
  },
});
