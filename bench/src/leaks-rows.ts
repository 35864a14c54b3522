/** The rows of the gallery's table, as words: for the terminal and for Markdown. */
import { isRight, type Outcome } from './leaks-answers.js';
import { isClear, isHealthy, type Exhibit } from './leaks-goals.js';

export const COLUMNS = ['first', 'in 3', 'share', 'of 2', 'memlab', 'in 3'] as const;

/** One cell for each of {@link COLUMNS}. */
export function cells({ program, answers, failure }: Exhibit): string[] {
  if (failure !== undefined || answers === undefined) return ['fail', 'fail', '–', 'fail', '–', '–'];
  const { three, two, memlab } = answers;
  if (isHealthy(program)) {
    const clear = 'failure' in three ? 'fail' : isClear(answers) ? 'clear' : 'LEAK?';
    return [clear, '', '', '', '', ''];
  }
  return [
    verdict(three, 1),
    verdict(three, 3),
    share(three),
    verdict(two, 1),
    verdict(memlab, 1),
    verdict(memlab, 3),
  ];
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
  const { three, two, memlab } = answers;
  const healthy = isHealthy(program);
  const lines = [
    ...complaint('from three', three, healthy ? isClear(answers) : isRight(three, 1)),
    ...(healthy ? [] : complaint('from two', two, isRight(two, 1))),
    ...(memlab === undefined ? [] : complaint('memlab', memlab, true)),
  ];
  if (lines.length === 0) return [];
  return [healthy ? 'expected: nothing' : `expected: ${expected?.culprit ?? '?'}`, ...lines];
}

function complaint(title: string, outcome: Outcome, fine: boolean): string[] {
  if ('failure' in outcome) return [`${title}: ${outcome.failure}`];
  if (fine) return [];
  const said = outcome.suspects.slice(0, SHOWN_SUSPECTS).map((text, index) => `  ${index + 1}. ${text}`);
  return [`${title}:${said.length === 0 ? ' nothing' : ''}`, ...said];
}
