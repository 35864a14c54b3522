/** `afterimage analyze`: what a snapshot holds, who holds it, and what in it looks like a leak. */
import type { Snapshot } from '@afterimage/snapshot';
import { Command, InvalidArgumentError } from 'commander';
import { analysisOf } from '../report/data/analysis.js';
import type { Answers } from '../report/data/answers.js';
import { heapTree } from '../report/data/heap-tree.js';
import { instancesOf, type Instances } from '../report/data/instances.js';
import { referrersOf } from '../report/data/referrers.js';
import { repeatedStrings } from '../report/data/repeated-strings.js';
import { pathToNode } from '../report/data/retaining-path.js';
import { similarNames } from '../report/data/similar-names.js';
import { CommandError } from '../cli/command-error.js';
import { analysisBlocks, closingBlocks, openingBlocks } from '../report/blocks/analysis.js';
import { answersBlocks } from '../report/blocks/answers.js';
import { classBlocks } from '../report/blocks/classes.js';
import type { Shown } from '../report/blocks/shown.js';
import { identitiesOf } from '../files/encryption-options.js';
import { shownBlocks } from '../report/looks/one-screen.js';
import { progressLine } from '../cli/progress-line.js';
import { addReportOptions, checkReportOptions, type ReportOptions } from '../report/report-options.js';
import { deliverReport, type Report } from '../report/deliver-report.js';
import { openSnapshot, type Part } from '../files/snapshot-input.js';
import { visible } from '../cli/visible.js';

interface Questions {
  strings?: true;
  class?: string;
  path?: number;
  retainers?: number;
}

type Options = ReportOptions & Questions;

const IN_PAGE: Shown = { suspects: Infinity, classes: 2000, details: null, isWhole: true };
const ANSWERS_SHOWN = 20;

export function analyzeCommand(): Command {
  const command = new Command('analyze')
    .description('say what a snapshot holds, who holds it, and what looks like a leak')
    .argument('<snapshot>', 'the snapshot, plain or compressed with gzip or zstd; - reads standard input')
    .option('--class <name>', 'instead: the instances of this class, the largest first')
    .option('--path <id>', 'instead: the way from a root to the node with this id', nodeId)
    .option('--retainers <id>', 'instead: who refers to the node with this id', nodeId)
    .option('--strings', 'instead: the strings of which there are copies');
  return addReportOptions(command).action(runAnalyze);
}

/** As reports show it, or without the `@`. */
function nodeId(value: string): number {
  const id = Number(value.replace(/^@/, ''));
  if (!/^@?\d+$/.test(value) || !Number.isSafeInteger(id)) {
    throw new InvalidArgumentError('Give the id of a node, such as 1234.');
  }
  return id;
}

async function runAnalyze(file: string, options: Options): Promise<void> {
  const isQuestion = [options.strings, options.class, options.path, options.retainers].some(
    (question) => question !== undefined,
  );
  if (isQuestion && options.html) {
    throw new CommandError('usage', '--html shows the whole heap: ask about parts of it without --html');
  }
  await checkReportOptions(options, [file]);
  const progress = progressLine();
  const snapshot = await openSnapshot(
    file,
    progress,
    neededFor(options, isQuestion),
    await identitiesOf(options),
  );
  try {
    progress.stage('looking for suspects …');
    const report = isQuestion ? answer(snapshot, file, options) : analyze(snapshot, file, options);
    progress.clear();
    await deliverReport(options, report);
  } finally {
    progress.clear();
  }
}

function neededFor(questions: Questions, isQuestion: boolean): Part[] {
  if (!isQuestion) return ['dominators', 'distances', 'classes'];
  const { strings, class: name, path, retainers } = questions;
  const needed: Part[] = [];
  if (strings || name !== undefined) needed.push('dominators');
  if ([name, path, retainers].some((question) => question !== undefined)) needed.push('distances');
  return needed;
}

function analyze(snapshot: Snapshot, file: string, options: Options): Report {
  const analysis = analysisOf(snapshot, file, options.top);
  return {
    data: () => analysis,
    blocks: (look) =>
      shownBlocks((shown) => analysisBlocks(analysis, shown), analysis.suspects.length, options, look),
    page: () => {
      const shown = { ...IN_PAGE, classes: options.top ?? IN_PAGE.classes };
      return {
        title: `Afterimage: ${file}`,
        opening: openingBlocks(analysis, shown),
        heap: heapTree(snapshot),
        rest: [...classBlocks(analysis.classes, shown.classes), ...closingBlocks(analysis, shown)],
      };
    },
  };
}

function answer(snapshot: Snapshot, file: string, options: Options): Report {
  const answers = answersTo(snapshot, file, options);
  return {
    data: () => answers,
    blocks: () => answersBlocks(answers, options.top ?? ANSWERS_SHOWN),
  };
}

function answersTo(snapshot: Snapshot, file: string, options: Options): Answers {
  const { strings, class: name, path, retainers, top, json } = options;
  const answers: Answers = { file };
  if (name !== undefined) answers.instances = instances(snapshot, name, top ?? ANSWERS_SHOWN);
  if (path !== undefined) Object.assign(answers, pathToNode(snapshot, node(snapshot, path)));
  if (retainers !== undefined) {
    answers.retainers = referrersOf(snapshot, node(snapshot, retainers), top ?? ANSWERS_SHOWN);
  }
  if (strings) answers.strings = repeatedStrings(snapshot, json ? top : undefined);
  return answers;
}

function node(snapshot: Snapshot, id: number): number {
  const found = snapshot.nodeWithId(id);
  if (found >= 0) return found;
  const largest = snapshot.graph.nodeId.reduce((most, each) => Math.max(most, each), 0);
  throw new CommandError(
    'failed',
    `there is no node with the id ${id}; ids are those of this one snapshot, up to ${largest}`,
  );
}

function instances(snapshot: Snapshot, name: string, most: number): Instances {
  const found = instancesOf(snapshot, name, most);
  if (found) return found;
  const similar = similarNames(name, snapshot.classOf.names).map((each) => visible(each));
  const advice =
    similar.length === 0 ? 'afterimage analyze FILE lists the largest' : `there is ${similar.join(', ')}`;
  throw new CommandError('failed', `there is no class ${visible(name)}; ${advice}`);
}
