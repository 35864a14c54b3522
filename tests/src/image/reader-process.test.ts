/** A script in place of the darkroom: how it is started, and what its end means. */
import { develop, DevelopError } from '@afterimage/image/develop';
import { READER_EXIT } from '@afterimage/image/develop-errors';
import type { ImageStream } from '@afterimage/image/read';
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { test, type TestContext } from 'node:test';
import { temporaryDirectory } from '../targets/agent-target.js';

/** Enough for `develop`, which leaves what is in it to the script. */
function image(): ImageStream {
  const heap = { used: 1, total: 1, limit: 1, external: 0, arrayBuffers: 0 };
  const versions = { nodeVersion: '24.0.0', v8Version: '13.6.233', modules: '137' };
  return {
    header: {
      metadata: {
        ...{ format: 1, name: 'app', pid: 1, platform: 'linux', arch: 'x64', rss: 1 },
        ...{ ...versions, capturedAt: '2026-01-01T00:00:00.000Z', heap },
      },
      facts: { heap: null, mappings: null, symbols: '' },
      arch: 'x64',
      imageBytes: 8,
      residentBytes: 0,
      headerBytes: 4,
      // The script is not given the program, and needs none.
      omitsProgram: true,
    },
    chunks: Readable.from([Buffer.from('headbody')]),
  };
}

async function developBy(t: TestContext, script: string): Promise<unknown> {
  const reader = join(temporaryDirectory(t), 'reader.cjs');
  writeFileSync(reader, script);
  return develop(image(), new PassThrough().resume(), { reader }).catch((error: unknown) => error);
}

test('an image that only V8 can develop has a code of its own, and the reason of the script', async (t) => {
  const error = await developBy(
    t,
    `console.error('afterimage error V8 99.9 is not among those'); process.exitCode = ${READER_EXIT.unreadable};`,
  );
  assert.ok(error instanceof DevelopError);
  assert.deepEqual([error.code, error.message], ['unreadable', 'V8 99.9 is not among those']);
});

test('the script gets the whole image, once it asks for it, and no program', async (t) => {
  const error = await developBy(
    t,
    `console.error('afterimage mapped');
     const { readFileSync } = require('node:fs');
     const image = readFileSync(0, 'latin1');
     console.error('afterimage error ' + [process.argv0, process.argv.length, image].join(' '));
     process.exitCode = ${READER_EXIT.corrupt};`,
  );
  assert.ok(error instanceof DevelopError);
  assert.deepEqual(
    [error.code, error.message],
    ['corrupt', 'afterimage-reader 2 headbody: copy it again, or capture again'],
  );
});
