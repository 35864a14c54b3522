/** Images of the load server, as the agent stores them when it does not develop. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { startLoadServer } from '../targets/load-server.js';
import type { NodeBinary } from '../nodes.js';
import { PATIENCE_MS } from '../patience.js';

/** Captures one in `directory`; resolves to its path, which ends in `.image.zst` or `.image.gz`. */
export async function storeImage(node: NodeBinary, directory: string): Promise<string> {
  const server = await startLoadServer(node, {
    ALLOW_HEAP_SNAPSHOT: '1',
    AFTERIMAGE_PATH: join(directory, `node${node.major}.heapsnapshot`),
    AFTERIMAGE_DEVELOP: 'never',
    AFTERIMAGE_STORE_PLAIN_IMAGE: '1',
  });
  try {
    process.kill(server.pid, 'SIGUSR2');
    const { event, kind, path, ...rest } = await server.lines.next(['written', 'failed'], PATIENCE_MS);
    assert.ok(event === 'written' && kind === 'image' && path !== undefined, JSON.stringify(rest));
    return path;
  } finally {
    await server.stop();
  }
}
