/** Where the script is that reads a heap in a process of its own. */
import { fileURLToPath } from 'node:url';

/** Path for `reader` of `develop`. */
export const READING_SCRIPT = fileURLToPath(new URL('./reading-process.js', import.meta.url));
