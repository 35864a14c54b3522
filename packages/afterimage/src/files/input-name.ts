/** Names an input file in messages. */

/** Returns `path`, or `standard input` for `-`. */
export function inputName(path: string): string {
  return path === '-' ? 'standard input' : path;
}
