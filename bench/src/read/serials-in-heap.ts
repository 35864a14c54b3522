/** The serial numbers of the objects that programs/serials.ts makes, out of an image: what their ids are measured by. */
import { openImageFile } from '@afterimage/v8-heap/image/image-file';
import { EDGE_TYPES, NODE_TYPES } from '@afterimage/v8-heap/layouts/node-kinds';
import { openHeap } from '@afterimage/v8-heap/reader/open-heap';
import { readGraph, textsOf, type HeapGraph } from '@afterimage/v8-heap/reader/read-graph';

export interface SerialsInHeap {
  /** By kind of object: of each serial number, the ID. */
  kinds: Map<string, Map<number, number>>;
  /** Of all nodes. */
  ids: Uint32Array;
}

/** A node, where it lies in the copy of the heap, and what it refers to. */
interface Found {
  place: number;
  id: number;
  type: string;
  name: string;
  references: { type: string; name: string; index: number; to: number }[];
}

const FIRST_FIELD = 24;
const FIELDS_LOOKED_AT = [0, 8, 16];
const ELEMENTS = 16;
const FIRST_ELEMENT = 16;
/** Of a context: after its length, its scope and the one around it. */
const FIRST_VARIABLE = 32;

export function serialsInHeap(image: string): SerialsInHeap {
  const memory = openImageFile(image);
  const heap = openHeap(memory);
  const graph = readGraph(heap);
  memory.close();
  const { compiled } = heap;
  const view = compiled.view();
  const kinds = new Map<string, Map<number, number>>();
  const note = (kind: string, serial: number, id: number | undefined): void => {
    const ids = kinds.get(kind) ?? new Map<number, number>();
    kinds.set(kind, ids);
    if (id !== undefined) ids.set(serial, id);
  };
  const small = (at: number): number => view.getInt32(at + 4, true);
  const isSmall = (at: number): boolean => (view.getUint32(at, true) & 1) === 0;
  const elementsAt = (place: number): number =>
    (compiled.placeOf(view.getBigUint64(place + ELEMENTS, true)) >>> 0) + FIRST_ELEMENT;
  const nodes = finder(graph, placesOf(compiled, graph.nodeCount));
  const behind = ({ references }: Found, name: string): Found | undefined => {
    const found = references.find((reference) => reference.name === name);
    return found === undefined ? undefined : nodes(found.to);
  };
  const notes: Record<string, (found: Found) => void> = {
    text: ({ name, id }) => note('text', Number(name.replace('text with serial ', '')), id),
    closure: (found) => {
      const context = behind(found, 'context');
      if (context === undefined) return;
      note('closure', small(context.place + FIRST_VARIABLE), found.id);
      note('its context', small(context.place + FIRST_VARIABLE), context.id);
    },
    instance: (found) => {
      const fields = FIELDS_LOOKED_AT.map((offset) => found.place + FIRST_FIELD + offset);
      const serial = small(fields.find(isSmall) ?? 0);
      note(found.name, serial, found.id);
      note(`${found.name}, its box`, serial, behind(found, 'box')?.id);
      note(`${found.name}, its text`, serial, (behind(found, 'label') ?? behind(found, 'payload'))?.id);
    },
    literal: ({ place, id }) => {
      if (isSmall(place + FIRST_FIELD)) note('literal', small(place + FIRST_FIELD), id);
    },
    array: (found) => {
      const elements = elementsAt(found.place);
      if (!isSmall(elements)) return;
      note('array', small(elements), found.id);
      note('its elements', small(elements), behind(found, 'elements')?.id);
    },
    register: (found) => {
      const [serials, blanks] = [behind(found, 'serials'), behind(found, 'blanks')];
      if (serials === undefined || blanks === undefined) return;
      for (const { type, index, to } of blanks.references)
        if (type === 'element') note('blank', small(elementsAt(serials.place) + 8 * index), nodes(to).id);
    },
  };
  for (let node = 0; node < graph.nodeCount; node++) {
    const found = nodes(node);
    const kind = kindOf(found, (to) => nodes(to).name);
    if (kind !== null) notes[kind]?.(found);
  }
  return { kinds, ids: graph.nodeId };
}

function kindOf({ type, name, references }: Found, nameOf: (node: number) => string): string | null {
  if (type === 'string') return /^text with serial \d+$/.test(name) ? 'text' : null;
  if (type === 'closure') return name === 'closureWithSerial' ? 'closure' : null;
  if (type !== 'object') return null;
  if (name === 'Entry' || name === 'Late') return 'instance';
  if (name === 'Register') return 'register';
  if (name === 'Object')
    return references.some((reference) => reference.name === 'ofLiteral') ? 'literal' : null;
  const isMarked =
    name === 'Array' && references.some(({ index, to }) => index === 1 && nameOf(to) === 'ofArray');
  return isMarked ? 'array' : null;
}

function finder(graph: HeapGraph, places: Uint32Array): (node: number) => Found {
  const texts = textsOf(graph);
  const numbered = [EDGE_TYPES.indexOf('element'), EDGE_TYPES.indexOf('hidden')];
  return (node) => {
    const references: Found['references'] = [];
    for (let edge = graph.firstEdge[node] ?? 0; edge < (graph.firstEdge[node + 1] ?? 0); edge++) {
      const [type, name, to] = [
        graph.edgeType[edge] ?? 0,
        graph.edgeName[edge] ?? 0,
        graph.edgeTo[edge] ?? 0,
      ];
      const isNumbered = numbered.includes(type);
      references.push({
        type: EDGE_TYPES[type] ?? '',
        name: isNumbered ? '' : (texts[name] ?? ''),
        index: isNumbered ? name : -1,
        to,
      });
    }
    return {
      place: places[node] ?? 0,
      id: graph.nodeId[node] ?? 0,
      type: NODE_TYPES[graph.nodeType[node] ?? 0] ?? '',
      name: texts[graph.nodeName[node] ?? 0] ?? '',
      references,
    };
  };
}

function placesOf(compiled: ReturnType<typeof openHeap>['compiled'], nodeCount: number): Uint32Array {
  const places = new Uint32Array(nodeCount);
  const end = compiled.get('heapEnd') >>> 0;
  let place = compiled.nextAlive(compiled.get('heapStart')) >>> 0;
  for (; place < end; place = compiled.nextAlive(place + 8) >>> 0)
    places[compiled.nodeOf(place) >>> 0] = place;
  return places;
}
