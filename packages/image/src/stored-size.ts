/** How large a stored image will be. The server needs no more of storing: another process does it. */

/**
 * Assumed size of a compressed image relative to the raw one, for checking disk space. Measured: 0.18; this
 * is a cautious value.
 */
export const COMPRESSED_SHARE = 0.4;
