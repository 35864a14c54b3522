/** Fits text into a number of terminal cells. A cell is not a character: some take two, some none. */
import cellsOf from 'string-width';

/** Enough to measure: a name may be a megabyte. */
const CHARACTERS_PER_CELL = 8;

/** Cuts the end off, and marks that with an ellipsis. */
export function cutEnd(text: string, cells: number): string {
  return isWithin(text, cells) ? text : `${firstCells(text, cells - 1)}…`;
}

/** Cuts out the middle: of paths and positions, both ends say more. */
export function cutMiddle(text: string, cells: number): string {
  if (isWithin(text, cells)) return text;
  const end = Math.floor((cells - 1) / 2);
  const tail = reversed(firstCells(reversed(text.slice(-cells * CHARACTERS_PER_CELL)), end));
  return `${firstCells(text, cells - 1 - end)}…${tail}`;
}

/** Wraps text between words, or within words that are longer than a line. */
export function wrapped(text: string, cells: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (cellsOf(joined) <= cells) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (cellsOf(line) > cells) {
      const part = firstCells(line, cells);
      lines.push(part);
      line = line.slice(part.length);
    }
  }
  return [...lines, line];
}

function isWithin(text: string, cells: number): boolean {
  return text.length <= cells * CHARACTERS_PER_CELL && cellsOf(text) <= cells;
}

function reversed(text: string): string {
  return Array.from(text).reverse().join('');
}

function firstCells(text: string, cells: number): string {
  const characters = Array.from(text.slice(0, cells * CHARACTERS_PER_CELL));
  let part = '';
  let used = 0;
  for (const character of characters) {
    used += cellsOf(character);
    if (used > cells) break;
    part += character;
  }
  return part === '' ? (characters[0] ?? '') : part;
}
