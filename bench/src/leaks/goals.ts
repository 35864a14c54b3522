/** The goals for the answers on the whole gallery. */
import { isRight, isSame, type Answers, type Outcome } from './answers.js';
import type { Expected, Program } from './gallery.js';

/** One program's row: its answers, or why there are none. */
export interface Exhibit {
  program: Program;
  expected?: Expected;
  answers?: Answers;
  failure?: string;
}

export interface Goal {
  text: string;
  met: boolean;
}

/** A program that failed counts as answered wrongly. */
export function goals(exhibits: Exhibit[]): Goal[] {
  const leaking = exhibits.filter(({ program }) => !isHealthy(program));
  const healthy = exhibits.filter(({ program }) => isHealthy(program));
  const share = (right: (answers: Answers) => boolean): number =>
    leaking.filter(({ answers }) => answers !== undefined && right(answers)).length;
  const atLeast = (least: number, found: number, text: string): Goal => ({
    text: `${text}: ${found} of ${leaking.length}, at least ${least * 100} % wanted`,
    met: found >= least * leaking.length,
  });
  const accused = healthy.filter(({ answers }) => !isClear(answers)).length;
  return [
    atLeast(
      0.9,
      share(({ three }) => isRight(three, 1)),
      'three snapshots, first suspect right',
    ),
    atLeast(
      1,
      share(({ three }) => isRight(three, 3)),
      'three snapshots, among the first three',
    ),
    atLeast(
      0.8,
      share(({ two }) => isRight(two, 1)),
      'two snapshots, first suspect right',
    ),
    {
      text: `healthy programs called a leak: ${accused} of ${healthy.length}, none wanted`,
      met: accused === 0,
    },
    ...unchanged(exhibits),
  ];
}

/** Redaction changes no answer; nothing where it was not asked. */
function unchanged(exhibits: Exhibit[]): Goal[] {
  const asked = exhibits.flatMap(({ answers }) => (answers?.redactedThree === undefined ? [] : [answers]));
  if (asked.length === 0) return [];
  const same = asked.filter(
    ({ three, two, redactedThree, redactedTwo }) =>
      isSame(three, redactedThree) === true && isSame(two, redactedTwo) === true,
  ).length;
  return [
    {
      text: `redacted snapshots, three and two, the same suspects: ${same} of ${asked.length}, all wanted`,
      met: same === asked.length,
    },
  ];
}

/** How often memlab was right, as a sentence; undefined where it was not asked. */
export function memlabScore(exhibits: Exhibit[]): string | undefined {
  const asked = exhibits.filter(
    ({ program, answers }) => !isHealthy(program) && answers?.memlab !== undefined,
  );
  if (asked.length === 0) return undefined;
  const right = (places: number): number =>
    asked.filter(({ answers }) => isRight(answers?.memlab, places)).length;
  return `memlab on the same snapshots: first trace right in ${right(1)} of ${asked.length}, one of three in ${right(3)}`;
}

export function isHealthy({ path }: Program): boolean {
  return path.includes('/healthy/');
}

/** Words that accuse, and containers that are none of the program's: one snapshot can show neither. */
const ACCUSING = /never (removed|cleared|closed|shortened)|\(synthetic\)|require\.cache|primordials/;

/** Whether nothing is called a leak: from three snapshots, from two, and from one, which only lists what is large. */
export function isClear(answers: Answers | undefined): boolean {
  if (answers === undefined) return false;
  const { three, two, one } = answers;
  return isEmpty(three) && isEmpty(two) && (one === undefined || !accuses(one));
}

function isEmpty(answer: Outcome): boolean {
  return 'suspects' in answer && answer.suspects.length === 0;
}

function accuses(answer: Outcome): boolean {
  return !('suspects' in answer) || answer.suspects.some((words) => ACCUSING.test(words));
}
