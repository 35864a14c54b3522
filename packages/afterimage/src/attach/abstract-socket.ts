/**
 * Names of abstract sockets (unix(7)), in a form that every libuv takes for the same: up to Node.js 20 it pads a name
 * with zeros to the length of sun_path, later it does not. So a name is made as long as that.
 */

const SUN_PATH_BYTES = 108;

export function abstractName(name: string): string {
  return `\0${name}`.padEnd(SUN_PATH_BYTES, '-');
}
