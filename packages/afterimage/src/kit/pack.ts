/** Packs the kit into one piece: its code and the addons for every Node.js. */
import { addonFile, abiOf, supportedMajors } from '@afterimage/agent/native';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzip } from 'node:zlib';
import { promisify } from 'node:util';
import { CommandError } from '../command-error.js';
import { LENGTH_DIGITS } from './bootstrap.js';
import type { KitAddons } from './protocol.js';

const CODE = fileURLToPath(new URL('../../bundled/kit.cjs', import.meta.url));

/** With its length in front, as the bootstrap reads it. @throws {CommandError} when a part is not installed */
export async function packKit(platform: string, arch: string): Promise<Buffer> {
  const addons: KitAddons = {};
  for (const abi of supportedMajors().map(abiOf)) {
    const addon = await readFile(addonFile(abi ?? '', platform, arch)).catch(() => null);
    if (abi !== undefined && addon !== null) addons[abi] = addon.toString('base64');
  }
  if (Object.keys(addons).length === 0) {
    throw new CommandError(
      'refused',
      `there is no native part for ${platform}-${arch} in this installation (${dirname(addonFile('', platform, arch))}); ` +
        'in a checkout, npm run prebuild makes it',
    );
  }
  const kit = await promisify(gzip)(JSON.stringify({ code: await readFile(CODE, 'utf8'), addons }));
  return Buffer.concat([Buffer.from(String(kit.length).padStart(LENGTH_DIGITS)), kit]);
}
