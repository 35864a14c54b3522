/** An image of a program, and the snapshot that V8's own generator makes of it. */
import { spawn } from 'node:child_process';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createGunzip } from 'node:zlib';
import { develop as developImage } from '@afterimage/image/develop';
import { readImage } from '@afterimage/image/read';

const CLI = fileURLToPath(new URL('../../../packages/afterimage/bin/afterimage.js', import.meta.url));

/** Starts a program, waits until it is ready, and stores its image, uncompressed. */
export async function imageOf(node: string, program: string, to: string): Promise<void> {
  const child = spawn(node, ['--max-old-space-size=1500', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await readyLine(child.stdout);
    // By this ending it is stored with gzip, whatever this Node.js would choose.
    const stored = `${to}.gz`;
    await run([
      ...['capture', `${child.pid}`, '--image', stored, '--store-plain-image'],
      ...['--redact', 'none', '--node', node, '--force'],
    ]);
    await pipeline(createReadStream(stored), createGunzip(), createWriteStream(to));
  } finally {
    child.kill('SIGKILL');
  }
}

async function readyLine(output: NodeJS.ReadableStream): Promise<void> {
  for await (const line of createInterface({ input: output })) if (line.startsWith('ready')) return;
  throw new Error('the program ended before it was ready');
}

/**
 * By V8 alone, which leaves the heap as it was captured as far as it can.
 * @returns how long it took, in ms
 */
export async function develop(image: string, snapshot: string): Promise<number> {
  const opened = await readImage(createReadStream(image));
  const { developMs } = await developImage(opened, createWriteStream(snapshot), {
    redact: 'none',
    keepHeap: true,
  });
  return developMs;
}

/** @throws {Error} with what the command said, when it fails */
async function run(args: string[]): Promise<void> {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let problems = '';
  child.stderr.on('data', (text: Buffer) => (problems += text.toString()));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`afterimage ${args.join(' ')} failed: ${problems.trim()}`);
}

/** The program of a version that is installed for tests. */
export function nodeOf(major: number): string {
  const installed = fileURLToPath(
    new URL(`../../../tests/node_modules/node${major}/bin/node`, import.meta.url),
  );
  if (existsSync(installed)) return installed;
  throw new Error(`Node ${major} is not installed: npm test installs what tests need`);
}
