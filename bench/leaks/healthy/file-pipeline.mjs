// Files written, compressed, hashed and read again through streams; buffers come from pools.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { assets, library } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const articles = library(900, 8_000);
const files = assets(40, 20_000);
const directory = await mkdtemp(join(tmpdir(), 'pipeline-'));
process.once('exit', () => void rm(directory, { recursive: true, force: true }));

await drive({
  kind: 'streams that end',
  perPhase: 50,
  warmUp: 30,
  step: async (number) => {
    const path = join(directory, `${number % 20}.gz`);
    const asset = [...files.values()][number % files.size];
    const source = Readable.from([Buffer.from(articles[number % 900].body), asset]);
    await pipeline(source, createGzip(), createWriteStream(path));
    const hash = createHash('sha256');
    await pipeline(createReadStream(path), createGunzip(), hash);
    return hash.digest('hex');
  },
});
