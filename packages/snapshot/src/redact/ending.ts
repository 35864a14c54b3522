/** Compares the hash at the end of a snapshot with the content before it. */
import { createHash } from 'node:crypto';
import type { Ending } from './provenance.js';

export interface EndingReader {
  push(chunk: Uint8Array): void;
  /** Returns the ending that the snapshot has, null if none, and the hash that it should have. */
  end(): { ending: Ending | null; sha256: string };
}

/** More than any ending takes, even if it lists many omitted sections. */
const MAX_BYTES = 1 << 16;
const ENDING = /,\n"afterimage":(\{"sha256":"[0-9a-f]{64}"[^\n]*\})\}\n$/;

/** Creates a reader for one snapshot: pass all chunks in order, then call `end`. */
export function endingReader(): EndingReader {
  const hash = createHash('sha256');
  /** Possible part of the ending, not hashed yet. */
  let tail = Buffer.alloc(0);

  function push(chunk: Uint8Array): void {
    tail = Buffer.concat([tail, chunk]);
    if (tail.length < 2 * MAX_BYTES) return;
    hash.update(tail.subarray(0, -MAX_BYTES));
    tail = Buffer.from(tail.subarray(-MAX_BYTES));
  }

  function end(): { ending: Ending | null; sha256: string } {
    const found = ENDING.exec(tail.toString('latin1'));
    const ending = found === null ? null : parsed(found[1]);
    hash.update(ending === null || found === null ? tail : tail.subarray(0, found.index));
    return { ending, sha256: hash.digest('hex') };
  }

  return { push, end };
}

function parsed(json: string): Ending | null {
  try {
    const { sha256, left_out: leftOut } = JSON.parse(json) as { sha256: string; left_out?: unknown };
    return { sha256, leftOut: typeof leftOut === 'string' ? leftOut.split(' ') : [] };
  } catch {
    return null;
  }
}
