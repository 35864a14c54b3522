/** Tables for the terminal, no wider than 80 columns. */
import Table from 'cli-table3';
import colors from 'picocolors';

export type Row = [label: string, ...cells: string[]];

const LABEL_WIDTH = 30;
const TABLE_WIDTH = 80;

/** Things to compare in columns; the first row names them. */
export function sideBySide([corner, ...names]: Row, rows: Row[], labelWidth = LABEL_WIDTH): string {
  const cellWidth = Math.floor((TABLE_WIDTH - labelWidth - names.length - 2) / names.length);
  const table = new Table({
    head: [corner, ...names].map((name) => colors.bold(name)),
    colWidths: [labelWidth, ...names.map(() => cellWidth)],
    style: { head: [], border: [], compact: true },
    wordWrap: true,
  });
  table.push(...rows);
  return table.toString();
}

/** Rows that come one after the other, as time passes. */
export interface LiveTable {
  row(...cells: string[]): void;
}

const LIVE_CELL_WIDTH = 16;

export function liveTable(...names: string[]): LiveTable {
  const print = (cells: string[], color: (text: string) => string): void =>
    console.log(color(cells.map((cell) => cell.padStart(LIVE_CELL_WIDTH)).join('')));
  print(names, colors.bold);
  return { row: (...cells) => print(cells, (text) => text) };
}
