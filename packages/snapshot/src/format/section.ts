/** The interface of all section readers, and the white space between tokens. */

const NEWLINE = 0x0a;

/** Reads one section, from after its opening bracket to after the closing one. */
export interface Section {
  /**
   * Reads from `at` on and returns where it stopped: at the end of the chunk, or of the section. `base` is
   * the offset of the chunk's first byte in the file.
   * @throws {SnapshotFormatError}
   */
  push(chunk: Uint8Array, at: number, base: number): number;
  readonly closed: boolean;
}

export function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === NEWLINE || byte === 0x0d || byte === 0x09;
}
