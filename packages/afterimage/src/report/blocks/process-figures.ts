/** The process's figures at the time of a capture: most of its memory may be outside V8's heap. */
import { formatBytes } from '@afterimage/host/format';
import type { ProcessFigures } from '@afterimage/snapshot';
import { formatBytesChange, formatChange, formatCount } from '../../cli/quantities.js';

/** A figure with its column name and unit. */
export interface ProcessColumn {
  name: string;
  of: (figures: ProcessFigures) => number | null;
  format: (value: number) => string;
  formatChange: (value: number) => string;
}

const bytes = { format: formatBytes, formatChange: formatBytesChange };
const number = { format: formatCount, formatChange };

export const PROCESS_COLUMNS: readonly ProcessColumn[] = [
  { name: 'RSS', of: ({ rss }) => rss, ...bytes },
  { name: 'external', of: ({ external }) => external, ...bytes },
  { name: 'array buffers', of: ({ arrayBuffers }) => arrayBuffers, ...bytes },
  { name: 'threads', of: ({ threads }) => threads, ...number },
  { name: 'descriptors', of: ({ descriptors }) => descriptors, ...number },
];

/** One line: `RSS 61.2 MB, external 2.1 MB, …`. */
export function processText(figures: ProcessFigures): string {
  return PROCESS_COLUMNS.flatMap(({ name, of, format }) => {
    const value = of(figures);
    return value === null ? [] : [`${name} ${format(value)}`];
  }).join(', ');
}
