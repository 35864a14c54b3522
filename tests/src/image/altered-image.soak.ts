/** An image with a bit turned over at each of a thousand places, one at a time. */
import { it } from 'node:test';
import { join } from 'node:path';
import { assertEachAlterationIsTold } from './altered-image.js';
import { playTarget } from '../targets/native-target.js';
import { nodeOf } from '../nodes.js';
import { temporaryDirectory } from '../temporary-directory.js';

const places = Number(process.env.SOAK_ALTERATIONS ?? 1000);

for (const [scenario, what] of [
  ['sync', 'an image'],
  ['lean', 'one without its program'],
] as const)
  it(`${what}, altered at ${places / 2} places`, { timeout: 2_000 * places }, async (t) => {
    const image = join(await temporaryDirectory(t), '24.image');
    await playTarget(nodeOf(24), scenario, image);
    await assertEachAlterationIsTold(image, places / 2);
  });
