/** What messages call a file that is read. */

/** `path`, or `standard input` for `-`. */
export function inputName(path: string): string {
  return path === '-' ? 'standard input' : path;
}
