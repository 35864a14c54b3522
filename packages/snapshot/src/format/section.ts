/** What every reader of a section has, and what stands between its tokens. */

const NEWLINE = 0x0a;

/** Reads one section, from behind its opening bracket to behind the closing one. */
export interface Section {
  /**
   * Reads from `at` on and says where it stopped: at the chunk's end, or behind the section's. `base` is the
   * offset of the chunk's first byte.
   * @throws {SnapshotFormatError}
   */
  push(chunk: Uint8Array, at: number, base: number): number;
  readonly closed: boolean;
}

export function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === NEWLINE || byte === 0x0d || byte === 0x09;
}
