/** The figures as a Markdown table, ready for the README. */
import type { Goal } from './goals.js';
import type { Measurement } from './measurement.js';
import { count, duration, size } from '../figures.js';

export interface Judged extends Measurement {
  goals: Goal[];
}

const HEAD = ['snapshot', 'reader', 'time', 'CPU', 'peak memory', 'time to ours', 'memory to ours'];

/** @param machine processor, memory and versions, as a phrase */
export function analyzeMarkdown(measurements: Judged[], machine: string): string {
  return [
    line(HEAD),
    line(HEAD.map(() => '---')),
    ...measurements.flatMap(rows),
    '',
    ...measurements.flatMap(({ file, goals }) =>
      goals.map(({ text, met }) => `- ${file.sizeMb} MB: ${met ? 'met' : 'MISSED'}: ${text}`),
    ),
    '',
    'Each reader loads the file, works out dominators and retained sizes, and prints the largest classes, but for',
    'the graph alone and the floor, which reads the digits of nodes and edges into numbers and does nothing with',
    'them. The median of three runs, or one run of what takes longer than 20 seconds.',
    '',
    `Measured on ${new Date().toISOString().slice(0, 10)}: ${machine}. \`npm run bench:analyze\``,
    '',
  ].join('\n');
}

function rows({ file, results }: Measurement): string[] {
  const { nodes, edges, bytes } = file;
  const ours = results.get('Afterimage');
  const ratio = (value: number, of: 'wallMs' | 'peakBytes'): string =>
    ours === undefined || 'failure' in ours ? '–' : `${(value / ours[of]).toFixed(1)} ×`;
  return [...results].map(([name, result], index) =>
    line([
      index > 0 ? '' : `${size(bytes)}: ${count(nodes)} nodes, ${count(edges)} edges`,
      name === 'Afterimage' ? `**${name}**` : name,
      ...('failure' in result
        ? [`fails: ${result.failure.replaceAll('|', '\\|')}`, '', '', '', '']
        : [
            duration(result.wallMs),
            duration(result.cpuMs),
            size(result.peakBytes),
            ratio(result.wallMs, 'wallMs'),
            ratio(result.peakBytes, 'peakBytes'),
          ]),
    ]),
  );
}

function line(cells: string[]): string {
  return `| ${cells.join(' | ')} |`;
}
