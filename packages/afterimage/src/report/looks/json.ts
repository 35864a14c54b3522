/** One JSON document on one line. docs/json.md describes it. */
import { visibleJson } from '../../cli/visible.js';
import type { Output } from './output.js';

export function reportAsJson(data: object, output: Output): void {
  output.write(`${visibleJson(JSON.stringify(data))}\n`);
}
