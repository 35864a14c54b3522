/** Packs the kit into one piece: its code, and the native parts for the container's platform. */
import { abiOf, addonFile, darkroomFile, supportedMajors } from '@afterimage/image/native-part';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { CommandError } from '../cli/command-error.js';
import { LENGTH_DIGITS } from './bootstrap.js';
import { DARKROOM_PART, type KitParts } from './protocol.js';

const CODE = fileURLToPath(new URL('../../bundled/kit.cjs', import.meta.url));

/** What a kit is sent for; questions need no native part. */
export type KitUse = 'capture' | 'develop' | 'questions';

/**
 * Returns the kit, preceded by its length, as the bootstrap expects.
 * @param what its purpose
 * @throws {CommandError} if the parts are not installed
 */
export async function packKit(what: KitUse, platform: string, arch: string): Promise<Buffer> {
  const files: Record<string, string> = {
    capture: addons(platform, arch),
    develop: { [DARKROOM_PART]: darkroomFile(platform, arch) },
    questions: {},
  }[what];
  const parts: KitParts = {};
  for (const [name, file] of Object.entries(files)) {
    const contents = await readFile(file).catch(() => null);
    if (contents !== null) parts[name] = contents.toString('base64');
  }
  if (what !== 'questions' && Object.keys(parts).length === 0) {
    throw new CommandError(
      'refused',
      `there is no native part for ${platform}-${arch} in this installation (${dirname(addonFile('', platform, arch))}); ` +
        'in a checkout, npm run prebuild makes it',
    );
  }
  const kit = await promisify(gzip)(JSON.stringify({ code: await readFile(CODE, 'utf8'), parts }));
  return Buffer.concat([Buffer.from(String(kit.length).padStart(LENGTH_DIGITS)), kit]);
}

function addons(platform: string, arch: string): Record<string, string> {
  const abis = supportedMajors().map((major) => abiOf(major) ?? '');
  return Object.fromEntries(abis.map((abi) => [abi, addonFile(abi, platform, arch)]));
}
