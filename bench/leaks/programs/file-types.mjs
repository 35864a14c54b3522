// The first bytes of each upload are kept to tell its type later; `subarray` shares the memory of the chunk it is
// taken from, so sixteen bytes keep sixteen kilobytes.
import { randomBytes } from 'node:crypto';
import { catalogue, configTree, BoundedCache } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const shop = catalogue(22_000);
const types = configTree(3, 16);
const sizes = new BoundedCache(500);
const headByUpload = new Map();

function onChunk(upload, chunk) {
  if (!headByUpload.has(upload)) headByUpload.set(upload, chunk.subarray(0, 16));
  sizes.set(upload, {
    bytes: chunk.length,
    product: shop.at(upload).sku,
    type: types.amber_0.basalt_1.cedar_2.owner,
  });
}

await drive({
  kind: 'buffers kept by small slices',
  culprit: 'headByUpload',
  perPhase: 150,
  step: (number) => onChunk(number, randomBytes(16_384)),
});
