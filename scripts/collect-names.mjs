// Makes packages/snapshot/data: the names that Node.js and V8 bring into every heap, from snapshots of each Node
// version, and the words that programs are written in, from the code in node_modules. To be run again when a
// Node version is added.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const data = join(root, 'packages/snapshot/data');
const NODES = [20, 22, 24, 26];
/** Types whose names a program may give, too; the others need no list. */
const NODE_TYPES = new Set(['object', 'closure', 'code', 'symbol']);
const EDGE_TYPES = new Set(['property', 'context', 'shortcut']);
/** What distances.ts and retaining-paths.ts go by, whatever the type of edge, and no program above has as a property. */
const NAMES_OF_RULES = ['feedback_cell', 'global_proxy', 'previous', 'shared', 'sloppy_function_map'];
const MAX_NAME_LENGTH = 100;
const LARGEST_SOURCE = 3e5;
/** Code with longer lines was generated. */
const MAX_LINE_LENGTH = 200;
/** Fewer times may be a slip of the pen. */
const MIN_PROSE_COUNT = 3;
const IDENTIFIER = /(?<=\.|\b(?:class|function|const|let|var)\s+)[A-Za-z_$][\w$]*|[A-Za-z_$][\w$]*(?=\s*:)/g;

const PROGRAM = `
  for (const name of require('module').builtinModules) {
    if (!/inspector|repl|^_/.test(name)) try { globalThis['loaded ' + name] = require(name); } catch {}
  }
  require('v8').writeHeapSnapshot(process.argv[1]);`;

function namesOfNode() {
  const ofHttp2 = Object.values(constants).filter((value) => typeof value === 'string');
  const names = new Set([...NAMES_OF_RULES, ...ofHttp2]);
  const directory = mkdtempSync(join(tmpdir(), 'collect-names-'));
  try {
    for (const version of NODES) {
      const file = join(directory, `${version}.heapsnapshot`);
      const node = join(root, `tests/node_modules/node${version}/bin/node`);
      execFileSync(node, ['--no-warnings', '-e', PROGRAM, file], { cwd: '/', env: {} });
      for (const name of namesIn(JSON.parse(readFileSync(file, 'utf8')))) names.add(name);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
  return [...names].filter(isWorthListing).sort();
}

function* namesIn({ snapshot, nodes, edges, strings }) {
  const { node_fields, node_types, edge_fields, edge_types } = snapshot.meta;
  for (let at = 0; at < nodes.length; at += node_fields.length) {
    if (NODE_TYPES.has(node_types[0][nodes[at]])) yield strings[nodes[at + node_fields.indexOf('name')]];
  }
  for (let at = 0; at < edges.length; at += edge_fields.length) {
    if (EDGE_TYPES.has(edge_types[0][edges[at]]))
      yield strings[edges[at + edge_fields.indexOf('name_or_index')]];
  }
}

function isWorthListing(name) {
  return (
    name !== '' &&
    name.length <= MAX_NAME_LENGTH &&
    /^[\x20-\x7e]+$/.test(name) &&
    !/^-?\d+$|^\/|^loaded |builtin (handle|code)\)$/.test(name)
  );
}

function* identifiers(directory) {
  for (const path of files(directory, /(?<!\.min)\.[cm]?js$/)) {
    const source = readFileSync(path, 'utf8');
    if (source.length / source.split('\n').length > MAX_LINE_LENGTH) continue;
    const code = source.replaceAll(/\/\*[^]*?\*\/|\/\/[^\n]*/g, '');
    for (const [name] of code.matchAll(IDENTIFIER)) yield name;
  }
}

/** What is written about programs has the words of their domains: accounts, shipments, tenants. */
function* proseWords(directory, counts = new Map()) {
  for (const file of files(directory, /\.md$/)) {
    for (const [word] of readFileSync(file, 'utf8').matchAll(/(?<![\w$./@-])[a-z]{4,19}(?![\w$/@-])/g)) {
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  for (const [word, count] of counts) if (count >= MIN_PROSE_COUNT) yield word;
}

function* files(directory, pattern) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory() && !/^locales?$/.test(entry.name)) yield* files(path, pattern);
    else if (pattern.test(entry.name) && statSync(path).size < LARGEST_SOURCE) yield path;
  }
}

function wordsOf(names) {
  const words = new Set();
  for (const name of names) {
    if (name.length > MAX_NAME_LENGTH) continue;
    for (const word of name.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g) ?? []) {
      if (word.length >= 3 && word.length < 20) words.add(word.toLowerCase());
    }
  }
  return [...words].sort();
}

function* all(names) {
  yield* names;
  for (const directory of ['node_modules', 'tests/node_modules', 'bench/leaks/node_modules']) {
    yield* identifiers(join(root, directory));
    yield* proseWords(join(root, directory));
  }
}

const names = namesOfNode();
const words = wordsOf(all(names));
for (const [file, lines] of Object.entries({ names, words })) {
  writeFileSync(join(data, `${file}.txt`), `${lines.join('\n')}\n`);
  console.log(`${file}.txt: ${lines.length}`);
}
