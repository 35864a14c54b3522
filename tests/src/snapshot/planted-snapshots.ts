/** Snapshots of small programs, written by V8 itself, for what is read out of them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeBinary } from '../nodes.js';

/**
 * Runs `program` (CommonJS), in which `snapshot(path)` takes a snapshot; returns the path of `program`.
 * @param name of the file, without its extension; put snapshots next to it
 */
export function runProgram(node: NodeBinary, directory: string, name: string, program: string): string {
  const script = join(directory, `${name}.cjs`);
  writeFileSync(script, `const snapshot = require('node:v8').writeHeapSnapshot;\n${program}`);
  const { status, stderr } = spawnSync(node.path, ['--expose-gc', script], {
    cwd: directory,
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.equal(status, 0, stderr);
  return script;
}

/** Names that would do something when they were not shown but obeyed. */
export const hostileNames = {
  tag: 'of</script><img src=x onerror=alert(1)>',
  escape: '\u001b]0;owned\u0007\u001b[31mred\u009b2J',
  markdown: '`|<b>[x](javascript:alert(1))| `` @everyone',
  direction: '\u202egnp.exe\u2066\u200b',
  lines: 'first\r\nsecond',
};

/** Objects whose classes, keys and strings have hostile names, in a map of the module. */
export const hostileProgram = `
  const names = ${JSON.stringify(Object.values(hostileNames))};
  const kept = (globalThis.kept = new Map());
  for (const name of names) {
    const prototype = { [Symbol.toStringTag]: name };
    for (let i = 0; i < 2000; i++) {
      const object = Object.create(prototype);
      object[name] = { [name]: i + 0.5, text: name + i };
      kept.set(name + i, object);
    }
  }
  class __proto__ { constructor(i) { this.value = [i]; } }
  const parsed = [];
  for (let i = 0; i < 3000; i++) {
    kept.set('__proto__' + i, new __proto__(i));
    parsed.push(JSON.parse('{"__proto__": {"constructor": [' + i + ']}, "hasOwnProperty": 1.5}'));
  }
  kept.set('__proto__', parsed);
`;

/** Cells of the widest line. ASCII and what has one cell only. */
export function widestLine(text: string): number {
  return Math.max(...text.split('\n').map((line) => Array.from(line).length));
}
