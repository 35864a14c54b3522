/**
 * The least that a reader in plain JavaScript can do: turn each digit of the nodes and edges into numbers.
 *   node analyze-floor.js FILE
 */
import { closeSync, openSync, readSync } from 'node:fs';

const [file] = process.argv.slice(2) as [string];
const fd = openSync(file, 'r');
const chunk = Buffer.allocUnsafe(1 << 22);
const header = chunk.toString('latin1', 0, readSync(fd, chunk, 0, 4096, 0));
const numbers = new Uint32Array(
  counted(/"node_count":(\d+)/) * fields(/"node_fields":\[([^\]]*)\]/) +
    counted(/"edge_count":(\d+)/) * fields(/"edge_fields":\[([^\]]*)\]/),
);

let at = header.indexOf('"nodes":[');
let filled = 0;
let value = 0;
let inNumber = false;
while (filled < numbers.length) {
  const length = readSync(fd, chunk, 0, chunk.length, at);
  if (length === 0) throw new Error(`the file ends after ${filled} of ${numbers.length} numbers`);
  at += length;
  scan(length);
}
closeSync(fd);
console.log(filled);

function scan(length: number): void {
  for (let index = 0; index < length; index++) {
    const digit = (chunk[index] ?? 0) - 48;
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      inNumber = true;
    } else if (inNumber) {
      numbers[filled++] = value;
      value = 0;
      inNumber = false;
      if (filled === numbers.length) return;
    }
  }
}

function counted(pattern: RegExp): number {
  return Number(pattern.exec(header)?.[1]);
}

function fields(pattern: RegExp): number {
  return pattern.exec(header)?.[1]?.split(',').length ?? 0;
}
