/** Searches a file for pieces of secrets, plain and encoded. */

export interface Secret {
  kind: string;
  /** How it was planted. */
  way: string;
  text: string;
}

export interface Leak extends Secret {
  /** The piece that was found. */
  piece: string;
}

const PIECE = 8;
/**
 * The file's digest, and the hashes that stand for texts: they look random, so that one of some hundred files has
 * by chance a piece of a secret's hexadecimal form in them.
 */
const OWN_HASHES = /(?<="afterimage":\{"sha256":")[0-9a-f]{64}|(?<=#)[0-9a-z]{12}(?=›)/g;
/** Shown of a finding. */
const AROUND = 40;
/**
 * Returns the secrets of which a snapshot's text contains a piece: in a string, in an element index, or
 * outside of its numbers, which are V8's own.
 */
export function leaksIn(file: string, secrets: readonly Secret[]): Leak[] {
  const { text, elements } = whatAProgramCanPutThere(file);
  const found = new Map<Secret, Leak>();
  search(text, piecesOf(secrets, formsOf), found);
  // In digits alone: what is written for an index is random, and may be taken for anything in hexadecimal.
  search(
    elements,
    piecesOf(secrets, (secret) => [secret]),
    found,
  );
  return [...found.values()];
}

function search(text: string, pieces: ReadonlyMap<string, Secret>, found: Map<Secret, Leak>): void {
  for (let at = 0; at + PIECE <= text.length; at++) {
    const secret = pieces.get(text.slice(at, at + PIECE));
    if (secret === undefined || found.has(secret)) continue;
    found.set(secret, { ...secret, piece: text.slice(Math.max(0, at - AROUND), at + PIECE + AROUND) });
  }
}

function piecesOf(secrets: readonly Secret[], forms: (text: string) => string[]): Map<string, Secret> {
  const pieces = new Map<string, Secret>();
  for (const secret of secrets) {
    for (const form of forms(secret.text)) {
      for (let at = 0; at + PIECE <= form.length; at++) pieces.set(form.slice(at, at + PIECE), secret);
    }
  }
  return pieces;
}

/**
 * Plain, in base64 (at each of three byte offsets, without the ends that depend on neighbors), in
 * hexadecimal, and URL-encoded.
 */
function formsOf(text: string): string[] {
  const forms = [text, encodeURIComponent(text), encodeURI(text)];
  for (const bytes of [Buffer.from(text), Buffer.from(text, 'utf16le')]) {
    forms.push(bytes.toString('hex'), bytes.toString('hex').toUpperCase());
    for (let before = 0; before < 3; before++) {
      const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
      const inner = encoded.slice(before === 0 ? 0 : 4, -4);
      forms.push(inner, inner.replaceAll('+', '-').replaceAll('/', '_'));
    }
  }
  return forms;
}

interface Document {
  snapshot: { meta: { edge_fields: string[]; edge_types: [string[]] } };
  nodes?: unknown;
  edges: number[];
  strings: string[];
}

function whatAProgramCanPutThere(file: string): { text: string; elements: string } {
  const { edges, strings, ...rest } = JSON.parse(file) as Document;
  delete rest.nodes;
  const { edge_fields, edge_types } = rest.snapshot.meta;
  const element = edge_types[0].indexOf('element');
  const name = edge_fields.indexOf('name_or_index');
  const elements: number[] = [];
  for (let at = 0; at < edges.length; at += edge_fields.length) {
    if (edges[at] === element) elements.push((edges[at + name] ?? 0) >>> 0);
  }
  const text = [JSON.stringify(rest), ...strings].join('\n');
  return { text: text.replace(OWN_HASHES, ''), elements: elements.join('\n') };
}
