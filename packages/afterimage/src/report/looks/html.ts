/**
 * A self-contained page: it loads nothing and runs only its own script, which its content security policy
 * enforces, whatever the names in the snapshot are.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { HeapTree } from '@afterimage/viewer/heap-tree';
import type { Block, Ranking, Table, TreeItem } from '../blocks/block.js';
import { shellWord } from '../../cli/shell-word.js';
import { visible, visibleJson } from '../../cli/visible.js';
import type { Output } from './output.js';

export interface HtmlReport {
  title: string;
  /** Shown above the picture of the heap. */
  opening: readonly Block[];
  /** Null for a page without picture and script. */
  heap: HeapTree | null;
  /** Shown below it. */
  rest: readonly Block[];
}

export function reportAsHtml({ title, opening, heap, rest }: HtmlReport, output: Output): void {
  const style = readPart('report.css');
  const script = readPart('report.js');
  const policy = `default-src 'none'; style-src '${digest(style)}'; script-src '${digest(script)}'`;
  output.write(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${text(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
${opening.map(htmlOf).join('\n')}
${heap === null ? '' : PICTURE}${rest.map(htmlOf).join('\n')}
</main>
`);
  if (heap !== null) {
    output.write(`<div id="tooltip" hidden></div>
<script type="application/json" id="heap-tree">${embedded(heap)}</script>
<script type="module">${script}</script>
`);
  }
  output.write('</body>\n</html>\n');
}

const PICTURE = `<section id="heap">
<h2>What holds the heap</h2>
<p class="faint">Each box retains all that lies below it. Click one to look into it, and one above to come back.</p>
<nav id="trail"></nav>
<div id="icicle" role="tree" aria-label="The dominator tree"></div>
</section>
`;

function readPart(name: string): string {
  return readFileSync(fileURLToPath(import.meta.resolve(`@afterimage/viewer/${name}`)), 'utf8');
}

function digest(content: string): string {
  return `sha256-${createHash('sha256').update(content).digest('base64')}`;
}

/** Escapes every `<`, so that no tag can end the script. */
function embedded(data: object): string {
  return visibleJson(JSON.stringify(data)).replaceAll('<', '\\u003c');
}

function htmlOf(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `<h${block.level}>${text(block.text)}</h${block.level}>`;
    case 'paragraph':
      return `<p${block.weight === undefined ? '' : ` class="${block.weight}"`}>${text(block.text)}</p>`;
    case 'facts':
      return `<dl>${block.rows
        .map(({ label, value, isCode }) => {
          const content = isCode ? `<code>${text(value)}</code>` : text(value);
          return `<dt>${text(label)}</dt><dd>${content}</dd>`;
        })
        .join('')}</dl>`;
    case 'table':
      return tableOf(block);
    case 'ranking':
      return rankingOf(block);
    case 'command':
      return `<p class="next">${text(block.text)} <code>${text(block.words.map(shellWord).join(' '))}</code></p>`;
    case 'tree':
      return `<div class="tree">${block.items.map(stepOf).join('')}</div>`;
  }
}

function tableOf({ columns, rows }: Table): string {
  const line = (cells: readonly string[], tag: 'td' | 'th'): string =>
    `<tr>${cells.map((cell, at) => `<${tag} class="${columns[at].is}">${text(cell)}</${tag}>`).join('')}</tr>`;
  const head = line(
    columns.map(({ name }) => name),
    'th',
  );
  const body = rows.map((row) => line(row, 'td')).join('\n');
  return `<table><thead>${head}</thead><tbody>\n${body}\n</tbody></table>`;
}

function rankingOf({ figures, what, rows }: Ranking): string {
  const names = ['#', ...figures].map((name) => `<th class="figure">${text(name)}</th>`).join('');
  const lines = rows.map((row) => {
    const cells = [String(row.rank), ...row.figures].map((cell) => `<td class="figure">${text(cell)}</td>`);
    return `<tr>${cells.join('')}<td>${text(row.what)}</td><td class="name">${text(row.where)}</td></tr>`;
  });
  const head = `<tr>${names}<th>${text(what)}</th><th>where</th></tr>`;
  return `<table class="ranking"><thead>${head}</thead><tbody>\n${lines.join('\n')}\n</tbody></table>`;
}

/** Flat instead of nested: a path may be hundreds of steps long. */
function stepOf({ depth, text: words, mark }: TreeItem): string {
  const level = Math.min(depth, DEEPEST_INDENT);
  return `<div class="step level-${level}">${text(words)} <small>${text(mark)}</small></div>`;
}

/** Number of levels in the style sheet. */
const DEEPEST_INDENT = 20;

function text(raw: string): string {
  return visible(raw).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
