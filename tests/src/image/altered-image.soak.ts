/** An image with a bit turned over at each of a thousand places, one at a time. */
import { it } from 'node:test';
import { join } from 'node:path';
import { assertEachAlterationIsTold } from './altered-image.js';
import { playTarget } from '../targets/native-target.js';
import { nodeOf } from '../nodes.js';
import { temporaryDirectory } from '../temporary-directory.js';

const places = Number(process.env.SOAK_ALTERATIONS ?? 1000);

it(`altered at ${places} places`, { timeout: 2_000 * places }, async (t) => {
  const image = join(await temporaryDirectory(t), '24.image');
  await playTarget(nodeOf(24), 'sync', image);
  await assertEachAlterationIsTold(image, places);
});
