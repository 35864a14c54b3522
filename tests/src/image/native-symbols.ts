/** What a program or library of the native part asks of others, by readelf. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { nodeOf, type NodeBinary } from '../nodes.js';

interface Symbols {
  defined: Set<string>;
  undefined: string[];
}

const readelf = (...args: string[]): string =>
  execFileSync('readelf', args, { encoding: 'utf8', maxBuffer: 1 << 28 });

/** By file: reading those of Node takes seconds. */
const known = new Map<string, Symbols>();

export function dynamicSymbols(file: string): Symbols {
  const before = known.get(file);
  if (before !== undefined) return before;
  const symbols: Symbols = { defined: new Set(), undefined: [] };
  known.set(file, symbols);
  for (const line of readelf('-W', '--dyn-syms', file).split('\n')) {
    // Num: Value Size Type Bind Vis Ndx Name[@VERSION]
    const [, section, name] = /^ *\d+: (?:\S+ +){5}(\S+) (\S+)/.exec(line) ?? [];
    if (name === undefined) continue;
    if (section === 'UND') symbols.undefined.push(name);
    else symbols.defined.add(name.replace(/@.*/, ''));
  }
  return symbols;
}

/** Names that the addon for this Node takes from it; all others it takes from any C library. */
export function takenFromNode(addon: string, major: NodeBinary['major'], libc: string): string[] {
  const inNode = dynamicSymbols(nodeOf(major).path).defined;
  const inLibc = dynamicSymbols(libc).defined;
  const fromNode = dynamicSymbols(addon).undefined.filter((name) => !inLibc.has(name));
  for (const name of fromNode) {
    assert.ok(inNode.has(name), `${name} is neither in Node ${major} nor in ${libc}`);
    // Not what a build of Node may have or not, such as a C++ library linked into it.
    assert.match(name, /^(_ZNK?(2v8|4node)|_ZTI2v8|uv_|node_module_register$)/);
  }
  return fromNode;
}

/** No library, no versioned symbol: whatever C library a Node was linked with serves. */
export function assertNeedsNoLibrary(file: string): void {
  const text = readelf('-W', '--dynamic', '--version-info', file);
  assert.doesNotMatch(text, /NEEDED|Version needs/, file);
  for (const name of dynamicSymbols(file).undefined) assert.doesNotMatch(name, /@/, file);
}

export function assertStandsAlone(program: string): void {
  assertNeedsNoLibrary(program);
  assert.deepEqual(dynamicSymbols(program).undefined, [], program);
  assert.doesNotMatch(readelf('-W', '--segments', program), /INTERP/, `${program} has a loader`);
  assert.match(readelf('-W', '--relocs', program), /no relocations/, program);
}
