/** Markdown for tickets, as GitHub and GitLab read it. Names from the snapshot are code, or escaped. */
import type { Block, Fact, Ranking, Table, TreeItem } from '../blocks/block.js';
import { shellWord } from '../../cli/shell-word.js';
import { visible } from '../../cli/visible.js';
import type { Output } from './output.js';

const CELL_CHARS = 120;
/** Deeper steps of a path are not indented further. */
const DEEPEST_INDENT = 30;

export function reportAsMarkdown(blocks: readonly Block[], output: Output): void {
  output.write(`${blocks.map(markdownOf).join('\n\n')}\n`);
}

function markdownOf(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `${'#'.repeat(block.level + 1)} ${prose(block.text)}`;
    case 'paragraph':
      return block.weight === 'faint' ? `<sub>${prose(block.text)}</sub>` : prose(block.text);
    case 'facts':
      return block.rows.map(factLine).join('\n');
    case 'table':
      return tableOf(block);
    case 'ranking':
      return rankingOf(block);
    case 'command':
      return `${prose(block.text)} ${code(block.words.map(shellWord).join(' '))}`;
    case 'tree':
      return fenced(block.items.map(itemLine));
  }
}

function factLine({ label, value, isCode }: Fact): string {
  return `- ${label}: ${isCode ? code(value) : prose(value)}`;
}

function tableOf({ columns, rows }: Table): string {
  const line = (cells: string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(columns.map(({ name }) => prose(name))),
    line(columns.map(({ is }) => (is === 'figure' ? '---:' : '---'))),
    ...rows.map((row) => line(row.map((text, at) => (columns[at].is === 'name' ? cell(text) : prose(text))))),
  ].join('\n');
}

function rankingOf({ figures, what, rows }: Ranking): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(['#', ...figures, what, 'where'].map(prose)),
    line(['---:', ...figures.map(() => '---:'), '---', '---']),
    ...rows.map((row) =>
      line([String(row.rank), ...row.figures.map(prose), prose(row.what), cell(row.where)]),
    ),
  ].join('\n');
}

/** A bar starts the next table cell even within code. */
function cell(text: string): string {
  const short = text.length > CELL_CHARS ? `${text.slice(0, CELL_CHARS)}…` : text;
  return code(short).replaceAll('|', '\\|');
}

/** Uses more backticks than the longest run in it. */
function code(text: string): string {
  const shown = visible(text);
  if (shown.trim() === '') return '';
  const fence = '`'.repeat(longestRun(shown) + 1);
  const space = /^`|`$|^ .* $/.test(shown) ? ' ' : '';
  return fence + space + shown + space + fence;
}

function fenced(lines: readonly string[]): string {
  const fence = '`'.repeat(lines.reduce((most, line) => Math.max(most, longestRun(line) + 1), 3));
  return [`${fence}text`, ...lines, fence].join('\n');
}

function longestRun(text: string): number {
  return (text.match(/`+/g) ?? []).reduce((most, { length }) => Math.max(most, length), 0);
}

function itemLine({ depth, text, mark }: TreeItem): string {
  const indent = '  '.repeat(Math.min(depth, DEEPEST_INDENT));
  return `${indent}${visible(text)} ${visible(mark)}`.trimEnd();
}

/** Escapes markup, links and mentions. */
function prose(text: string): string {
  return visible(text)
    .replace(/[\\`*_{}[\]<>#|~&$!^]/g, '\\$&')
    .replace(/^(\d*)([-+.)=])(?=\s|$)/, '$1\\$2')
    .replace(/:\/\/|www\.|@(?=\w)/gi, (mark) => `${mark.slice(0, -1)}\\${mark.slice(-1)}`)
    .replaceAll('\\@', '@<!-- -->');
}
