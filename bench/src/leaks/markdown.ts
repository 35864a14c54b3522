/** The gallery's table as Markdown. */
import type { Exhibit, Goal } from './goals.js';
import { cells, complaints } from './rows.js';

const HEAD = [
  'program',
  'Node',
  'kind',
  'culprit',
  'first suspect right',
  'one of three right',
  'growth explained',
  'first right from two snapshots',
  'same when redacted, from three and two',
  'memlab: first',
  'memlab: one of three',
];

/**
 * @param machine processor, memory and versions, as a phrase
 * @param notes sentences for under the table
 */
export function leaksMarkdown(exhibits: Exhibit[], goals: Goal[], notes: string[], machine: string): string {
  const rows = exhibits.map((exhibit) => {
    const { program, expected } = exhibit;
    const culprit = expected?.culprit;
    return line([
      program.name,
      String(program.node),
      expected?.kind ?? '–',
      culprit ? `\`${culprit}\`` : '–',
      ...cells(exhibit),
    ]);
  });
  const wrong = exhibits.flatMap((exhibit) => {
    const said = complaints(exhibit);
    return said.length === 0 ? [] : ['', `### ${exhibit.program.name}`, '', '```', ...said, '```'];
  });
  return [
    line(HEAD),
    line(HEAD.map(() => '---')),
    ...rows,
    '',
    ...goals.map(({ text, met }) => `- ${met ? 'pass' : '**FAIL**'}: ${text}`),
    '',
    ...notes,
    '',
    `Measured on ${new Date().toISOString().slice(0, 10)}: ${machine}. \`npm run bench:leaks\``,
    ...wrong,
    '',
  ].join('\n');
}

function line(cells: string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
