/** Formats a report for a terminal: tables, indented trees, no line longer than the terminal is wide. */
import CliTable from 'cli-table3';
import picocolors from 'picocolors';
import cellsOf from 'string-width';
import type { Block, Column, CommandLine, Fact, Ranking, Table, TreeItem } from '../blocks/block.js';
import { cutEnd, cutMiddle, wrapped } from './fitting.js';
import { shellWord } from '../../cli/shell-word.js';
import { visible } from '../../cli/visible.js';
import type { Output } from './output.js';

export interface TerminalLook {
  /** Cells in a line. */
  width: number;
  colors: boolean;
}

type Colors = ReturnType<typeof picocolors.createColors>;

interface Page {
  width: number;
  colors: Colors;
}

const MARGIN = '  ';
const MAX_FACT_LINES = 3;
const MIN_NAME_CELLS = 10;
/** Deeper steps of a path are not indented further. */
const DEEPEST_INDENT = 18;

export function reportToTerminal(
  blocks: readonly Block[],
  { width, colors }: TerminalLook,
  output: Output,
): void {
  const page = { width, colors: picocolors.createColors(colors) };
  blocks.forEach((block, at) => {
    if (at > 0 && isApart(block, blocks[at - 1])) output.write('\n');
    output.write(`${linesOf(block, page).join('\n')}\n`);
  });
}

/** Tells whether an empty line separates a block from the one before it. */
function isApart(block: Block, before: Block): boolean {
  if (isFaint(block) && before.kind !== 'tree') return false;
  if (before.kind === 'heading') return before.level === 1;
  if (before.kind === 'paragraph')
    return block.kind !== 'facts' && !(block.kind === 'command' && isFaint(before));
  return true;
}

function isFaint(block: Block): boolean {
  return block.kind === 'paragraph' && block.weight === 'faint';
}

function linesOf(block: Block, page: Page): string[] {
  const { width, colors } = page;
  switch (block.kind) {
    case 'heading':
      return wrapped(visible(block.text), width).map((line) =>
        block.level === 3 ? colors.bold(colors.yellow(line)) : colors.bold(line),
      );
    case 'paragraph':
      return wrapped(visible(block.text), width - MARGIN.length).map(
        (line) => MARGIN + (block.weight === 'faint' ? colors.dim(line) : line),
      );
    case 'facts':
      return factLines(block.rows, page);
    case 'table':
      return tableLines(block, page);
    case 'ranking':
      return rankingLines(block, page);
    case 'command':
      return commandLines(block, page);
    case 'tree':
      return block.items.map((item) => itemLine(item, page));
  }
}

function factLines(rows: readonly Fact[], { width, colors }: Page): string[] {
  const labelCells = widest(rows.map(({ label }) => label.length)) + MARGIN.length;
  const room = width - MARGIN.length - labelCells;
  return rows.flatMap(({ label, value, isCode }) => {
    const shown = isCode ? cutMiddle(visible(value), room * MAX_FACT_LINES) : visible(value);
    const lines = wrapped(shown, room);
    return lines.map((line, at) => MARGIN + colors.dim((at === 0 ? label : '').padEnd(labelCells)) + line);
  });
}

const MIN_WHAT_CELLS = 24;
const MAX_WHAT_LINES = 2;

/**
 * Figures come first, so that the finding and its location have the rest of the line, and the next line if
 * necessary.
 */
function rankingLines({ figures, what, rows }: Ranking, { width, colors }: Page): string[] {
  const names = ['#', ...figures];
  const texts = rows.map((row) => [String(row.rank), ...row.figures]);
  const cells = names.map((name, at) => widest([name, ...texts.map((row) => row[at])].map(cellsOf)));
  const beginning = (row: readonly string[]): string =>
    MARGIN + row.map((text, at) => ' '.repeat(cells[at] - cellsOf(text)) + text + MARGIN).join('');
  const begun = cellsOf(beginning(names));
  const room = Math.max(MIN_WHAT_CELLS, width - begun);
  const lines = rows.flatMap((row, at) => {
    const where = visible(row.where);
    const what = wrapped(cutMiddle(visible(row.what), room * MAX_WHAT_LINES), room);
    const shown = what.map((line) => (at === 0 ? colors.bold(line) : line));
    const last = what[what.length - 1];
    if (where !== '' && cellsOf(last) + MARGIN.length + cellsOf(where) <= room) {
      shown[shown.length - 1] += MARGIN + colors.cyan(where);
    } else if (where !== '') shown.push(...wrapped(where, room).map(colors.cyan));
    return shown.map((line, row) => (row === 0 ? beginning(texts[at]) : ' '.repeat(begun)) + line);
  });
  return [colors.dim(beginning(names) + what), ...lines];
}

/** Wrapped between words, each line but the last with the shell's continuation character. */
function commandLines({ text, words }: CommandLine, { width, colors }: Page): string[] {
  const quoted = words.map((word) => shellWord(visible(word)));
  const whole = [visible(text), ...quoted].join(' ');
  if (cellsOf(whole) <= width) return [`${visible(text)} ${colors.bold(quoted.join(' '))}`];
  const lines: string[] = [];
  let line = '';
  for (const word of quoted) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (line !== '' && cellsOf(joined) > width - 2 * MARGIN.length) {
      lines.push(`${line} \\`);
      line = word;
    } else line = joined;
  }
  const command = [...lines, line].map((each) => MARGIN + colors.bold(each));
  return [...wrapped(visible(text), width), ...command];
}

/** Figures and words take the width they need, and names share the rest. */
function tableLines(whole: Table, { width, colors }: Page): string[] {
  const { columns, texts, cells } = fitted(whole, width);
  const table = new CliTable({
    chars: withoutLines(),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: columns.map(({ is }) => (is === 'figure' ? 'right' : 'left')),
  });
  table.push(columns.map(({ name }) => colors.dim(name)));
  for (const row of texts) table.push(row.map((text, at) => cellText(text, columns[at], cells[at])));
  return table
    .toString()
    .split('\n')
    .map((line) => MARGIN + line.trimEnd());
}

interface FittedTable {
  columns: Column[];
  texts: string[][];
  /** The width of each column. */
  cells: number[];
}

function fitted({ columns, rows }: Table, width: number): FittedTable {
  const texts = rows.map((row) => row.map(visible));
  const needed = columns.map(({ name }, at) =>
    widest([cellsOf(name), ...texts.map((row) => cellsOf(row[at].slice(0, width * 2)))]),
  );
  const room = width - MARGIN.length * columns.length;
  const isName = columns.map(({ is }) => is === 'name');
  const others = needed.reduce((sum, own, at) => (isName[at] ? sum : sum + own), 0);
  const names = needed.filter((_, at) => isName[at]);
  const least = names.reduce((sum, own) => sum + Math.min(own, MIN_NAME_CELLS), others);
  const dispensable = columns.findLastIndex(({ isOptional }) => isOptional);
  if (least > room && dispensable !== -1) {
    const without = <T>(list: readonly T[]): T[] => list.filter((_, at) => at !== dispensable);
    return fitted({ kind: 'table', columns: without(columns), rows: rows.map(without) }, width);
  }
  const most = mostOfName(names, room - others);
  return { columns, texts, cells: needed.map((own, at) => (isName[at] ? Math.min(own, most) : own)) };
}

/** Without Math.max, whose number of arguments is limited by the stack. */
function widest(cells: readonly number[]): number {
  return cells.reduce((most, own) => Math.max(most, own), 0);
}

/** The width limit of a name: what short names leave of their share goes to the long ones. */
function mostOfName(needed: readonly number[], room: number): number {
  const ascending = [...needed].sort((one, other) => one - other);
  let left = room;
  for (const [at, own] of ascending.entries()) {
    const share = Math.floor(left / (ascending.length - at));
    if (own > share) return Math.max(MIN_NAME_CELLS, share);
    left -= own;
  }
  return room;
}

function cellText(text: string, { is }: Column, cells: number): string {
  return is === 'name' ? cutEnd(text, cells) : text;
}

function withoutLines(): Record<string, string> {
  const sides = ['top', 'bottom', 'mid', 'left', 'right'];
  const none = ['', '-mid', '-left', '-right'].flatMap((end) => sides.map((side) => [`${side}${end}`, '']));
  return { ...(Object.fromEntries(none) as Record<string, string>), middle: MARGIN };
}

function itemLine({ depth, text, mark }: TreeItem, { width, colors }: Page): string {
  const indent = MARGIN + MARGIN.repeat(Math.min(depth, DEEPEST_INDENT));
  const branch = depth === 0 ? '' : '└ ';
  const end = mark === '' ? '' : ` ${visible(mark)}`;
  const room = width - indent.length - branch.length - end.length;
  return indent + colors.dim(branch) + cutMiddle(visible(text), room) + colors.dim(end);
}
