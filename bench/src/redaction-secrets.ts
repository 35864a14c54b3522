/** Looks for secrets in a file: for each, any piece of it, as it is and as it may be encoded. */

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
/** Shown of a finding. */
const AROUND = 40;
/** Shorter runs of digits are everywhere in a snapshot, whose numbers have so many. */
const SHORTEST_NUMBER = 10;

/** The secrets of which `file`, the text of a snapshot, has a piece. */
export function leaksIn(file: string, secrets: readonly Secret[]): Leak[] {
  const pieces = piecesOf(secrets);
  const found = new Map<Secret, Leak>();
  const text = unescaped(file);
  for (let at = 0; at + PIECE <= text.length; at++) {
    const secret = pieces.get(text.slice(at, at + PIECE));
    if (secret === undefined || found.has(secret) || isChance(text, at)) continue;
    found.set(secret, { ...secret, piece: text.slice(Math.max(0, at - AROUND), at + PIECE + AROUND) });
  }
  return [...found.values()];
}

function piecesOf(secrets: readonly Secret[]): Map<string, Secret> {
  const pieces = new Map<string, Secret>();
  for (const secret of secrets) {
    for (const form of formsOf(secret.text)) {
      for (let at = 0; at + PIECE <= form.length; at++) pieces.set(form.slice(at, at + PIECE), secret);
    }
  }
  return pieces;
}

/** As it is, in base64 (from each byte of three, but the ends that depend on what is beside), in hexadecimal, in a URL. */
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

/** Digits that are part of a number of the snapshot's own, or what stands in the place of a secret. */
function isChance(text: string, at: number): boolean {
  const around = text.slice(at - SHORTEST_NUMBER, at + PIECE + SHORTEST_NUMBER);
  const run = /^\d+$/.test(text.slice(at, at + PIECE)) ? (/\d{8,}/.exec(around)?.[0] ?? '') : null;
  return run !== null && run.length < SHORTEST_NUMBER;
}

/** JSON's escapes undone: V8 writes all but ASCII as such, and what would end a string. */
function unescaped(file: string): string {
  return file.replaceAll(/\\(?:u([0-9a-f]{4})|(["\\/]))/gi, (_, code: string | undefined, itself: string) =>
    code === undefined ? itself : String.fromCharCode(parseInt(code, 16)),
  );
}
