/** Memory that a heap lies in, wherever it is read from. */

export interface Region {
  start: number;
  end: number;
}

export interface MemoryReader {
  /** Writable private memory that maps no file, in the order of addresses. */
  regions: Region[];
  /** What malloc gives its first thread from; null where it was not asked for. */
  programBreak: Region | null;
  /**
   * Whether the page at an address is resident. Reading one that is not would make it so, and the process larger for
   * having been looked at: 7 MB of Node 24, by V8's reservations.
   */
  isResident(address: number): boolean;
  /** Whether the bytes from there on could be read into all of `into`. */
  read(address: number, into: Uint8Array): boolean;
  close(): void;
}
