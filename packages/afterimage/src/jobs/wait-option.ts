/** `--wait`: how long to wait for a target's main thread that is in native code. */
import { Option } from 'commander';
import { WAIT_MS } from '../attach/borrowed-inspector.js';
import { wholeNumber } from '../cli/whole-number.js';

export function waitOption(): Option {
  const text = `how long to wait for a main thread that is in native code; by default ${WAIT_MS / 1000}`;
  return new Option('--wait <seconds>', text).argParser(wholeNumber);
}

export function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}
