/** The rows of the gallery's table, as words: for the terminal and for Markdown. */
import { isRight, isSame, type Answers, type Outcome } from './answers.js';
import { isClear, isHealthy, type Exhibit } from './goals.js';

export const COLUMNS = ['first', 'in 3', 'share', 'of 2', 'redacted', 'memlab', 'in 3'] as const;

/** One cell for each of {@link COLUMNS}. */
export function cells({ program, answers, failure }: Exhibit): string[] {
  if (failure !== undefined || answers === undefined) return ['fail', 'fail', '–', 'fail', '–', '–', '–'];
  const { three, two, memlab } = answers;
  if (isHealthy(program)) {
    const clear = 'failure' in three ? 'fail' : isClear(answers) ? 'clear' : 'LEAK?';
    return [clear, '', '', '', redacted(answers), '', ''];
  }
  return [
    verdict(three, 1),
    verdict(three, 3),
    share(three),
    verdict(two, 1),
    redacted(answers),
    verdict(memlab, 1),
    verdict(memlab, 3),
  ];
}

/** Whether the answers are the same from redacted snapshots, three and two. */
function redacted({ three, two, redactedThree, redactedTwo }: Answers): string {
  const same = [isSame(three, redactedThree), isSame(two, redactedTwo)];
  if (same.includes(undefined)) return '–';
  return same.includes(false) ? 'differs' : 'same';
}

function verdict(outcome: Outcome | undefined, places: number): string {
  if (outcome === undefined) return '–';
  if ('failure' in outcome) return 'fail';
  return isRight(outcome, places) ? 'yes' : 'no';
}

function share(outcome: Outcome): string {
  if (!('explainedShare' in outcome)) return '–';
  return `${Math.round(outcome.explainedShare * 100)} %`;
}

const SHOWN_SUSPECTS = 3;

/** What was said instead of what was expected; empty where all is well. */
export function complaints({ program, expected, answers, failure }: Exhibit): string[] {
  if (failure !== undefined) return [`no snapshots: ${failure}`];
  if (answers === undefined) return [];
  const { three, two, redactedThree, redactedTwo, memlab } = answers;
  const healthy = isHealthy(program);
  const lines = [
    ...complaint('from three', three, healthy ? isClear(answers) : isRight(three, 1)),
    ...(healthy ? [] : complaint('from two', two, isRight(two, 1))),
    ...difference('from three', three, redactedThree),
    ...difference('from two', two, redactedTwo),
    ...(memlab === undefined ? [] : complaint('memlab', memlab, true)),
  ];
  if (lines.length === 0) return [];
  return [healthy ? 'expected: nothing' : `expected: ${expected?.culprit ?? '?'}`, ...lines];
}

/** The suspects that only one of both has. */
function difference(title: string, original: Outcome, redacted: Outcome | undefined): string[] {
  if (redacted === undefined || isSame(original, redacted) === true) return [];
  if ('failure' in redacted) return [`${title}, redacted: ${redacted.failure}`];
  const figures = 'figures' in original ? (original.figures ?? []) : [];
  const others = redacted.figures ?? [];
  return [
    `${title}, redacted: not the same`,
    ...figures.filter((line) => !others.includes(line)).map((line) => `  - ${line}`),
    ...others.filter((line) => !figures.includes(line)).map((line) => `  + ${line}`),
  ];
}

function complaint(title: string, outcome: Outcome, fine: boolean): string[] {
  if ('failure' in outcome) return [`${title}: ${outcome.failure}`];
  if (fine) return [];
  const said = outcome.suspects.slice(0, SHOWN_SUSPECTS).map((text, index) => `  ${index + 1}. ${text}`);
  return [`${title}:${said.length === 0 ? ' nothing' : ''}`, ...said];
}
