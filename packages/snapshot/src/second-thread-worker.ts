/** Runs in the second thread: answers one question after another. */
import { parentPort } from 'node:worker_threads';
import { chunksOf, type SnapshotFile } from './format/chunks.js';
import { dominanceOf } from './graph/dominance.js';
import { SnapshotFormatError } from './format/format-error.js';
import type { EdgeColumns } from './read/rows.js';
import { scanSnapshot } from './read/scan.js';
import { ownedNodes } from './graph/reachability.js';
import type { Reply, Request } from './second-thread.js';

parentPort?.on('message', (request: Request) => {
  answer(request)
    .then((answer): Reply => ({ answer }), failed)
    .then((reply) => parentPort?.postMessage(reply))
    .catch((error: unknown) => parentPort?.postMessage(failed(error)));
});

async function answer(request: Request): Promise<unknown> {
  switch (request.task) {
    case 'edges':
      return readEdges(request.question);
    case 'ownership':
      return ownedNodes(request.question);
    case 'dominance':
      return dominanceOf(request.question);
  }
}

/** Reads the file to the end of its edges. The other thread reads everything else. */
async function readEdges(file: SnapshotFile): Promise<EdgeColumns> {
  const scanner = scanSnapshot({ skip: 'nodes', maxBytes: file.bytes ?? Infinity });
  for await (const chunk of chunksOf(file)) {
    scanner.push(chunk);
    const edges = scanner.edges();
    if (edges) return edges;
  }
  scanner.end();
  throw new Error(`${file.path} has no edges`);
}

function failed(error: unknown): Reply {
  if (error instanceof SnapshotFormatError) {
    const { code, offset, message } = error;
    return { failure: message, format: { code, offset } };
  }
  return { failure: error instanceof Error ? error.message : String(error) };
}
