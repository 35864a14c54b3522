/** Builds the graph from the sections of a file, with the checks that need all of them. */
import { malformed } from '../format/format-error.js';
import { typeIndex, type Graph } from '../graph/graph.js';
import type { EdgeColumns } from './rows.js';
import type { Sections } from './scan.js';

/**
 * Builds the graph.
 * @throws {SnapshotFormatError}
 */
export function assemble(sections: Sections, edges: EdgeColumns | null): Graph {
  const { header, layout, nodes, strings, bytes } = sections;
  if (edges === null) throw malformed(bytes, 'it has no section edges');
  const { lastName: lastNodeName, ...nodeColumns } = nodes;
  const { lastName: lastEdgeName, ...edgeColumns } = edges;
  const nodeCount = header.node_count;
  const root = (header.root_index ?? 0) / layout.nodes.fields;
  if (!Number.isInteger(root) || root < 0 || root >= nodeCount) {
    throw malformed(bytes, `its root is at index ${header.root_index ?? 0} of ${nodeCount} nodes`);
  }
  const graph: Graph = {
    header,
    nodeCount,
    edgeCount: header.edge_count,
    root,
    nodeTypes: layout.nodeTypes,
    edgeTypes: layout.edgeTypes,
    ...nodeColumns,
    ...edgeColumns,
    strings,
    locations: sections.locations ?? NO_LOCATIONS,
    trailingBytes: sections.trailingBytes,
  };
  if (nodeCount > 0 && lastNodeName >= strings.count) {
    const node = graph.nodeName.indexOf(lastNodeName);
    throw malformed(bytes, `node ${node} is named by string ${lastNodeName} of ${strings.count}`);
  }
  if (lastEdgeName >= strings.count) {
    const edge = edgeNamedBy(graph, lastEdgeName);
    if (edge >= 0)
      throw malformed(bytes, `edge ${edge} is named by string ${lastEdgeName} of ${strings.count}`);
  }
  return graph;
}

function edgeNamedBy({ edgeName, edgeType, edgeTypes }: Graph, name: number): number {
  const [element, hidden] = ['element', 'hidden'].map((type) => typeIndex(edgeTypes, type));
  let edge = edgeName.indexOf(name);
  while (edge >= 0 && (edgeType[edge] === element || edgeType[edge] === hidden)) {
    edge = edgeName.indexOf(name, edge + 1);
  }
  return edge;
}

const NO_LOCATIONS = {
  node: new Uint32Array(),
  script: new Int32Array(),
  line: new Int32Array(),
  column: new Int32Array(),
};
