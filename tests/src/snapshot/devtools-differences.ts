/** Where a reader's analysis of a snapshot and DevTools' own differ: every node, class row and duplicate string. */
import type { DuplicateString, KeyedClassRow, NodeModel } from './devtools-model.js';

/** What is compared of a reader's analysis; sizes in bytes, dominators as ordinals. */
export interface Analysis {
  graph: { nodeCount: number; edgeCount: number; nodeId: ArrayLike<number> };
  shallowSize: ArrayLike<number>;
  dominator: ArrayLike<number>;
  retainedSize: ArrayLike<number>;
  distance: ArrayLike<number>;
  className(ordinal: number): string;
  classes(): Iterable<KeyedClassRow>;
  duplicateStrings(): Iterable<DuplicateString>;
}

/** How many examples of one kind of difference are named. */
const EXAMPLES = 3;

/** One paragraph for each kind of difference, with the count and the first examples; empty when all is equal. */
export function differences(ours: Analysis, theirs: NodeModel): string[] {
  const { graph } = ours;
  if (graph.nodeCount !== theirs.nodes || graph.edgeCount !== theirs.edges) {
    return [
      `ours has ${graph.nodeCount} nodes and ${graph.edgeCount} edges, DevTools ${theirs.nodes} and ${theirs.edges}`,
    ];
  }
  const name = (ordinal: number): string =>
    `node @${theirs.id[ordinal] ?? ''} (ordinal ${ordinal}, ${quoted(theirs.className(ordinal))})`;
  const columns: [what: string, our: (ordinal: number) => unknown, their: (ordinal: number) => unknown][] = [
    ['id', at(graph.nodeId), at(theirs.id)],
    ['shallow size', at(ours.shallowSize), at(theirs.shallowSize)],
    ['distance', at(ours.distance), at(theirs.distance)],
    ['immediate dominator', at(ours.dominator), at(theirs.dominator)],
    ['retained size', at(ours.retainedSize), at(theirs.retainedSize)],
    ['class name', (ordinal) => ours.className(ordinal), theirs.className],
  ];
  return [
    ...columns.flatMap(([what, our, their]) => nodeDifferences(what, theirs.nodes, our, their, name)),
    ...rowDifferences('class rows', byKey(ours.classes(), classText), byKey(theirs.classes, classText)),
    ...rowDifferences(
      'duplicate strings',
      byKey(ours.duplicateStrings(), duplicateText),
      byKey(theirs.duplicateStrings, duplicateText),
    ),
  ];
}

const at =
  (values: ArrayLike<number>) =>
  (ordinal: number): number | undefined =>
    values[ordinal];

function nodeDifferences(
  what: string,
  nodeCount: number,
  our: (ordinal: number) => unknown,
  their: (ordinal: number) => unknown,
  name: (ordinal: number) => string,
): string[] {
  const examples: string[] = [];
  let count = 0;
  for (let ordinal = 0; ordinal < nodeCount; ordinal++) {
    const [mine, other] = [our(ordinal), their(ordinal)];
    if (mine === other) continue;
    if (count++ < EXAMPLES)
      examples.push(`${name(ordinal)}: ours ${quoted(mine)}, DevTools ${quoted(other)}`);
  }
  return count === 0 ? [] : [paragraph(`${what} differs on ${count} of ${nodeCount} nodes`, examples)];
}

type Described = [key: string, text: string];

function classText({ key, name, count, shallowBytes, retainedBytes, distance }: KeyedClassRow): Described {
  return [
    key,
    `named ${quoted(name)}, ${count} nodes, ${shallowBytes} B shallow, ${retainedBytes} B retained, distance ${distance}`,
  ];
}

function duplicateText({ value, count, shallowBytes, retainedBytes, truncated }: DuplicateString): Described {
  return [
    value,
    `${count} nodes, ${shallowBytes} B shallow, ${retainedBytes} B retained${truncated ? ', truncated' : ''}`,
  ];
}

/** Rows of equal key (truncated strings of equal beginnings are several groups) in an order that does not matter. */
function byKey<T>(rows: Iterable<T>, describe: (row: T) => Described): Map<string, string> {
  const texts = new Map<string, string[]>();
  for (const row of rows) {
    const [key, text] = describe(row);
    const known = texts.get(key);
    if (known) known.push(text);
    else texts.set(key, [text]);
  }
  return new Map([...texts].map(([key, of]) => [key, of.sort().join('; ')]));
}

function rowDifferences(what: string, ours: Map<string, string>, theirs: Map<string, string>): string[] {
  const keys = [...new Set([...theirs.keys(), ...ours.keys()])];
  const different = keys.filter((key) => ours.get(key) !== theirs.get(key));
  const examples = different
    .slice(0, EXAMPLES)
    .map((key) => `${quoted(key)}: ours ${ours.get(key) ?? 'none'}, DevTools ${theirs.get(key) ?? 'none'}`);
  return different.length === 0
    ? []
    : [paragraph(`${different.length} of ${keys.length} ${what} differ`, examples)];
}

function paragraph(heading: string, examples: string[]): string {
  return [heading, ...examples.map((example) => `  ${example}`)].join('\n');
}

function quoted(value: unknown): string {
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(value.length > 120 ? `${value.slice(0, 120)}…` : value);
}
