/** Finds the installed addon for the Node.js that the target runs. */
import { abiOf, addonFile } from '@afterimage/image/native-part';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { CommandError } from '../cli/command-error.js';
import { majorOf } from '../processes/node-version.js';
import type { VersionedAddon } from './addon-place.js';
import { versionOf } from './addon-version.js';

/**
 * Returns the addon.
 * @throws {CommandError} `refused` if there is none
 */
export async function installedAddon(nodeVersion: string): Promise<VersionedAddon> {
  const file = addonFile(abiOf(majorOf(nodeVersion)) ?? '');
  if (!existsSync(file)) {
    throw new CommandError(
      'refused',
      `this installation has no native part for Node.js ${nodeVersion} (${file}); in a checkout, npm run prebuild builds it`,
    );
  }
  return { addon: { file }, addonVersion: versionOf(await readFile(file)) };
}
