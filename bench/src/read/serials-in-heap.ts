/** The serial numbers of the objects that programs/serials.ts makes, out of an image: what their ids are measured by. */
import { openImageFile } from '@afterimage/v8-heap/image/image-file';
import { EDGE_TYPES, NODE_TYPES } from '@afterimage/v8-heap/layouts/node-kinds';
import { openHeap, type OpenHeap } from '@afterimage/v8-heap/reader/open-heap';
import { readGraph, textsOf, type HeapGraph } from '@afterimage/v8-heap/reader/read-graph';

export interface SerialsInHeap {
  /** By kind of object: of each serial number, the id. */
  kinds: Map<string, Map<number, number>>;
  graph: HeapGraph;
  /** Of each node. */
  name: (node: number) => string;
}

const FIRST_FIELD = 24;
const ELEMENTS = 16;
const FIRST_ELEMENT = 16;
/** Of a context: after its length, its scope and the one around it. */
const FIRST_VARIABLE = 32;
const [OBJECT, CLOSURE, STRING] = (['object', 'closure', 'string'] as const).map((type) =>
  NODE_TYPES.indexOf(type),
);
const [PROPERTY, ELEMENT, INTERNAL] = (['property', 'element', 'internal'] as const).map((type) =>
  EDGE_TYPES.indexOf(type),
);

export function serialsInHeap(image: string): SerialsInHeap {
  const memory = openImageFile(image);
  const heap = openHeap(memory);
  const graph = readGraph(heap);
  memory.close();
  const texts = textsOf(graph);
  const name = (node: number): string => texts[graph.nodeName[node]] ?? '';
  const places = placesOf(heap, graph.nodeCount);
  const view = heap.compiled.view();
  const small = (at: number): number => view.getInt32(at + 4, true);
  const smallBehind = (word: bigint, offset: number): number =>
    small((heap.compiled.placeOf(word) >>> 0) + offset);
  const kinds = new Map<string, Map<number, number>>();
  const note = (kind: string, serial: number, node: number): void => {
    const ids = kinds.get(kind) ?? new Map<number, number>();
    kinds.set(kind, ids);
    ids.set(serial, graph.nodeId[node]);
  };
  const edge = (node: number, type: number, wanted: string): number => {
    for (let at = graph.firstEdge[node]; at < graph.firstEdge[node + 1]; at++)
      if (graph.edgeType[at] === type && texts[graph.edgeName[at]] === wanted) return graph.edgeTo[at];
    return -1;
  };
  const elementsOf = (node: number): number[] => {
    const elements: number[] = [];
    for (let at = graph.firstEdge[node]; at < graph.firstEdge[node + 1]; at++)
      if (graph.edgeType[at] === ELEMENT) elements[graph.edgeName[at]] = graph.edgeTo[at];
    return elements;
  };
  for (let node = 0; node < graph.nodeCount; node++) {
    const type = graph.nodeType[node];
    const place = places[node];
    const called = name(node);
    if (type === STRING && /^text with serial \d+$/.test(called))
      note('text', Number(called.slice(17)), node);
    else if (type === CLOSURE && called === 'closureWithSerial') {
      const context = edge(node, INTERNAL, 'context');
      note('closure', small(places[context] + FIRST_VARIABLE), node);
      note('context', small(places[context] + FIRST_VARIABLE), context);
    } else if (type !== OBJECT) continue;
    else if (called === 'Entry' || called === 'Late') {
      const serial = small(place + FIRST_FIELD + (called === 'Entry' ? offsetOfSerial(heap, place) : 0));
      note(called, serial, node);
      note(`${called}.box`, serial, edge(node, PROPERTY, 'box'));
      note(`${called}, its text`, serial, edge(node, PROPERTY, called === 'Entry' ? 'label' : 'payload'));
    } else if (called === 'Object' && edge(node, PROPERTY, 'ofLiteral') >= 0)
      note('literal', small(place + FIRST_FIELD), node);
    else if (called === 'Array') {
      const second = elementsOf(node)[1];
      if (second !== undefined && name(second) === 'ofArray') {
        note('array', smallBehind(view.getBigUint64(place + ELEMENTS, true), FIRST_ELEMENT), node);
        note(
          'its elements',
          smallBehind(view.getBigUint64(place + ELEMENTS, true), FIRST_ELEMENT),
          edge(node, INTERNAL, 'elements'),
        );
      }
    } else if (called === 'Register') {
      const numbers = edge(node, PROPERTY, 'serials');
      const store = heap.compiled.placeOf(view.getBigUint64(places[numbers] + ELEMENTS, true)) >>> 0;
      elementsOf(edge(node, PROPERTY, 'blanks')).forEach((blank, index) =>
        note('blank', small(store + FIRST_ELEMENT + 8 * index), blank),
      );
    }
  }
  return { kinds, graph, name };
}

/** A class's own fields come before what its constructor's parameters declare, or after. */
function offsetOfSerial({ compiled }: OpenHeap, place: number): number {
  const words = [0, 8, 16].filter(
    (offset) => (compiled.view().getUint32(place + FIRST_FIELD + offset, true) & 1) === 0,
  );
  return words[0] ?? 0;
}

function placesOf({ compiled }: OpenHeap, nodeCount: number): Uint32Array {
  const places = new Uint32Array(nodeCount);
  const { nextAlive } = compiled as unknown as { nextAlive: (place: number) => number };
  const end = compiled.get('heapEnd') >>> 0;
  for (
    let place = nextAlive(compiled.get('heapStart')) >>> 0;
    place < end;
    place = nextAlive(place + 8) >>> 0
  )
    places[compiled.nodeOf(place) >>> 0] = place;
  return places;
}
