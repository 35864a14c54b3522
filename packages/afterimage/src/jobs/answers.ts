/** Single questions about a snapshot, as separate verbs or as options of `analyze`. */
import type { RedactionLevel, Snapshot } from '@afterimage/snapshot';
import { Argument, InvalidArgumentError, type Command } from 'commander';
import { CommandError } from '../cli/command-error.js';
import { progressLine } from '../cli/progress-line.js';
import { isolateOption, type IsolateOptions } from '../cli/isolate-option.js';
import { imageLevelOption } from '../cli/redaction-option.js';
import { visible } from '../cli/visible.js';
import { wholeNumber } from '../cli/whole-number.js';
import { identitiesOf, identityOption, type IdentityOptions } from '../files/encryption-options.js';
import { answersBlocks } from '../report/blocks/answers.js';
import type { Answers } from '../report/data/answers.js';
import { instancesOf, type Instances } from '../report/data/instances.js';
import { referrersOf } from '../report/data/referrers.js';
import { repeatedStrings } from '../report/data/repeated-strings.js';
import { pathToNode } from '../report/data/retaining-path.js';
import { similarNames } from '../report/data/similar-names.js';
import { deliverReport } from '../report/deliver-report.js';
import { addFormatOptions, formatOf, type FormatOptions } from '../report/format-options.js';
import { checkReportOptions } from '../report/report-options.js';
import { checkImageOptions, openSnapshot, type Part } from './snapshot-input.js';

/** Each question is asked if present. */
export interface Questions {
  strings?: true;
  class?: string;
  /** The ID of a node. */
  path?: number;
  retainers?: number;
}

export interface AnswerOptions extends FormatOptions, IdentityOptions, IsolateOptions {
  redact?: RedactionLevel;
  top?: number;
}

const ANSWERS_SHOWN = 20;

/** The argument of every verb that reads one snapshot or image. */
export function snapshotArgument(): Argument {
  return new Argument(
    '<snapshot>',
    'the snapshot or image, plain or compressed with gzip or zstd; - reads standard input',
  );
}

/** Adds the options of a verb that asks one question. */
export function addAnswerOptions(command: Command, top?: string): Command {
  addFormatOptions(command)
    .addOption(identityOption())
    .addOption(imageLevelOption())
    .addOption(isolateOption());
  return top === undefined ? command : command.option('--top <n>', top, wholeNumber);
}

/** Parser for commander: the ID of a node as reports show it, or without the `@`. */
export function nodeId(value: string): number {
  const id = Number(value.replace(/^@/, ''));
  if (!/^@?\d+$/.test(value) || !Number.isSafeInteger(id)) {
    throw new InvalidArgumentError('Give the ID of a node, such as 1234.');
  }
  return id;
}

/**
 * Opens the snapshot, and prints the answers to the questions.
 * @throws {CommandError}
 */
export async function answer(file: string, questions: Questions, options: AnswerOptions): Promise<void> {
  await checkReportOptions(options, [file]);
  const progress = progressLine();
  try {
    const { redact, isolate, force } = options;
    const opening = { identities: await identitiesOf(options), redact, isolate, force, progress };
    const { snapshot, isImage, others } = await openSnapshot(file, neededFor(questions), opening);
    checkImageOptions(options, isImage);
    const answers = answersTo(snapshot, file, questions, options);
    progress.clear();
    if (others !== null) console.error(`afterimage: ${others}`);
    await deliverReport(options, {
      data: () => answers,
      blocks: () => answersBlocks(answers, options.top ?? ANSWERS_SHOWN),
    });
  } finally {
    progress.clear();
  }
}

function neededFor({ strings, class: name, path, retainers }: Questions): Part[] {
  const needed: Part[] = [];
  if (strings || name !== undefined) needed.push('dominators');
  if ([name, path, retainers].some((question) => question !== undefined)) needed.push('distances');
  return needed;
}

function answersTo(
  snapshot: Snapshot,
  file: string,
  { strings, class: name, path, retainers }: Questions,
  options: AnswerOptions,
): Answers {
  const { top } = options;
  const answers: Answers = { file };
  if (name !== undefined) answers.instances = instances(snapshot, name, top ?? ANSWERS_SHOWN);
  if (path !== undefined) Object.assign(answers, pathToNode(snapshot, node(snapshot, path)));
  if (retainers !== undefined) {
    answers.retainers = referrersOf(snapshot, node(snapshot, retainers), top ?? ANSWERS_SHOWN);
  }
  if (strings) answers.strings = repeatedStrings(snapshot, formatOf(options) === 'json' ? top : undefined);
  return answers;
}

function node(snapshot: Snapshot, id: number): number {
  const found = snapshot.nodeWithId(id);
  if (found >= 0) return found;
  const largest = snapshot.graph.nodeId.reduce((most, each) => Math.max(most, each), 0);
  throw new CommandError('failed', `no node with the ID ${id}; this snapshot has IDs up to ${largest}`);
}

function instances(snapshot: Snapshot, name: string, most: number): Instances {
  const found = instancesOf(snapshot, name, most);
  if (found) return found;
  const similar = similarNames(name, snapshot.classOf.names).map((each) => visible(each));
  const advice =
    similar.length === 0 ? 'afterimage analyze FILE lists the largest' : `there is ${similar.join(', ')}`;
  throw new CommandError('failed', `no class ${visible(name)}; ${advice}`);
}
