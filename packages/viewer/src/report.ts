/**
 * The script of the page that `afterimage analyze --html` writes: draws the dominator tree as a zoomable
 * icicle, and filters tables. It reads its data from the page, and inserts it only as text.
 */
import type { HeapTree } from './heap-tree.js';

const ROW_PIXELS = 22;
const MIN_PIXELS = 2;
const MAX_ROWS = 60;
const PATH_STEPS_SHOWN = 14;
const ROWS_WITHOUT_FILTER = 12;

const tree = JSON.parse(byId('heap-tree').textContent) as HeapTree;
const icicle = byId('icicle');
const trail = byId('trail');
const tooltip = byId('tooltip');
const children = childrenOf(tree.parent);
let shown = 0;
let drawnWidth = 0;

draw();
new ResizeObserver(() => {
  if (icicle.clientWidth !== drawnWidth) draw();
}).observe(icicle);
addEventListener('keydown', ({ key }) => {
  if (key === 'Escape' && shown !== 0) lookInto(tree.parent[shown]);
});
for (const table of document.querySelectorAll('table')) addFilter(table);

function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no ${id}`);
  return element;
}

/** Returns the children of each box, largest first. */
function childrenOf(parent: number[]): number[][] {
  const found: number[][] = parent.map(() => []);
  for (let box = 1; box < parent.length; box++) found[parent[box]].push(box);
  for (const each of found) each.sort((a, b) => tree.retainedBytes[b] - tree.retainedBytes[a]);
  return found;
}

function lookInto(box: number): void {
  shown = box;
  hideTooltip();
  draw();
  icicle.querySelector<HTMLElement>(`[data-box="${box}"]`)?.focus();
}

/** The selected box and its ancestors above it span the whole width. */
function draw(): void {
  const width = (drawnWidth = icicle.clientWidth);
  const above = pathTo(shown);
  const elements: HTMLElement[] = above.map((box, row) => element(box, row, 0, width));
  let rows = above.length;
  // A stack instead of recursion: the tree may be deep.
  const waiting = [{ box: shown, row: above.length, left: 0, width }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    let left = next.left;
    for (const box of children[next.box]) {
      const own = (next.width * tree.retainedBytes[box]) / Math.max(1, tree.retainedBytes[next.box]);
      if (own < MIN_PIXELS || next.row >= above.length + MAX_ROWS) break;
      elements.push(element(box, next.row, left, own));
      waiting.push({ box, row: next.row + 1, left, width: own });
      rows = Math.max(rows, next.row + 1);
      left += own;
    }
  }
  icicle.style.height = `${rows * ROW_PIXELS}px`;
  icicle.replaceChildren(...elements);
  trail.textContent = shown === 0 ? '' : above.map(title).slice(-PATH_STEPS_SHOWN).join(' › ');
}

function element(box: number, row: number, left: number, width: number): HTMLElement {
  const button = document.createElement('button');
  button.className = tree.class[box] < 0 ? 'box others' : 'box';
  button.textContent = width > 30 ? title(box) : '';
  button.ariaLabel = `${title(box)}, retains ${bytes(tree.retainedBytes[box])}`;
  button.dataset.box = String(box);
  button.role = 'treeitem';
  button.style.setProperty('--hue', String(hueOf(tree.classes[tree.class[box]] ?? '')));
  button.style.top = `${row * ROW_PIXELS}px`;
  button.style.left = `${left}px`;
  button.style.width = `${Math.max(1, width - 1)}px`;
  button.addEventListener('click', () => lookInto(box));
  button.addEventListener('pointermove', (event) => showTooltip(box, event.clientX, event.clientY));
  button.addEventListener('pointerleave', hideTooltip);
  button.addEventListener('focus', () => {
    if (!button.matches(':focus-visible')) return; // the pointer shows its own tooltip
    const { left: x, bottom: y } = button.getBoundingClientRect();
    showTooltip(box, x, y);
  });
  button.addEventListener('blur', hideTooltip);
  return button;
}

function title(box: number): string {
  const count = tree.count[box];
  return tree.id[box] > 0 || count === 1
    ? tree.name[box]
    : `${count.toLocaleString('en')} × ${tree.name[box]}`;
}

/** Returns the boxes from the whole heap to this one. */
function pathTo(box: number): number[] {
  const path = [box];
  for (let at = box; at !== 0; at = tree.parent[at]) path.push(tree.parent[at]);
  return path.reverse();
}

function showTooltip(box: number, x: number, y: number): void {
  const share = (100 * tree.retainedBytes[box]) / Math.max(1, tree.retainedBytes[0]);
  const path = pathTo(box).map(title);
  const left = path.length - PATH_STEPS_SHOWN;
  const lines: [label: string, value: string][] = [
    ['class', tree.class[box] < 0 ? 'of many classes' : tree.classes[tree.class[box]]],
    ['count', tree.count[box].toLocaleString('en')],
    ['shallow', bytes(tree.shallowBytes[box])],
    ['retained', `${bytes(tree.retainedBytes[box])}, ${share.toFixed(1)} % of the heap`],
  ];
  if (tree.id[box] > 0) lines.push(['id', `@${tree.id[box]}`]);
  lines.push(['path', (left > 0 ? '… › ' : '') + path.slice(-PATH_STEPS_SHOWN).join(' › ')]);
  const heading = document.createElement('strong');
  heading.textContent = title(box);
  tooltip.replaceChildren(heading, ...lines.map(tooltipLine));
  tooltip.hidden = false;
  const { width, height } = tooltip.getBoundingClientRect();
  tooltip.style.left = `${Math.max(0, Math.min(x + 12, innerWidth - width - 8))}px`;
  tooltip.style.top = `${Math.max(0, y + 16 + height > innerHeight ? y - height - 12 : y + 16)}px`;
}

function tooltipLine([label, value]: [string, string]): HTMLElement {
  const line = document.createElement('div');
  const name = document.createElement('span');
  name.textContent = label;
  line.append(name, value);
  return line;
}

function hideTooltip(): void {
  tooltip.hidden = true;
}

/** Gives each class the same color in every report. */
function hueOf(name: string): number {
  let hash = 2166136261;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 16777619);
  return (hash >>> 8) % 360;
}

/** Formats bytes like the command does. */
function bytes(value: number): string {
  const units: [size: number, unit: string][] = [
    [1e9, 'GB'],
    [1e6, 'MB'],
    [1e3, 'kB'],
  ];
  const [size, unit] = units.find(([least]) => value >= least) ?? [1, 'bytes'];
  const figure = value / size;
  return `${figure.toFixed(size === 1 || figure >= 100 ? 0 : 1)} ${unit}`;
}

function addFilter(table: HTMLTableElement): void {
  const rows = [...table.querySelectorAll<HTMLElement>('tbody tr')];
  if (rows.length <= ROWS_WITHOUT_FILTER) return;
  const input = document.createElement('input');
  input.type = 'search';
  input.placeholder = 'filter';
  input.ariaLabel = 'filter the table';
  input.addEventListener('input', () => {
    const wanted = input.value.toLowerCase();
    for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  });
  table.before(input);
}
