/**
 * Names abstract sockets (unix(7)) such that every libuv understands them alike: up to Node.js 20 it pads a
 * name with zeros to the length of sun_path, later it does not. So a name always has that length.
 */

const SUN_PATH_BYTES = 108;

export function abstractName(name: string): string {
  return `\0${name}`.padEnd(SUN_PATH_BYTES, '-');
}
