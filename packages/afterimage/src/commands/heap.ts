/** `afterimage heap`: what the heap of a process that runs is made of, without a snapshot of it. */
import { Command } from 'commander';
import { describeLeftOpen, isLeftOpen } from '../attach/left-open.js';
import { startUndertaker } from '../attach/undertaker-process.js';
import { stepText } from '../capture/local-target.js';
import { CommandError } from '../command-error.js';
import { heapBlocks } from '../contents/heap.js';
import { heapReport, type HeapReport } from '../heap/report.js';
import { interruption } from '../interruption.js';
import { progressLine } from '../progress-line.js';
import { deliver, terminalLook, wholeNumber } from '../report-options.js';
import { reportAsJson } from '../reporters/json.js';
import { reportToTerminal } from '../reporters/terminal.js';
import { attachableProcess } from '../target/candidate.js';
import { processId } from '../target/process-id.js';
import { milliseconds, waitOption } from '../wait-option.js';

interface Options {
  json?: true;
  top?: number;
  wait?: number;
}

const CLASSES_SHOWN = 20;

export function heapCommand(): Command {
  return new Command('heap')
    .description('say what the heap of a running Node.js process is made of, without a snapshot, in a moment')
    .argument('<pid>', 'the process id', processId)
    .option('--json', 'print one JSON document')
    .option('--top <n>', 'how many classes to show', wholeNumber)
    .addOption(waitOption())
    .action(runHeap);
}

async function runHeap(pid: number, { json, top, wait }: Options): Promise<void> {
  const signal = interruption();
  const target = await attachableProcess(pid, signal, false);
  const progress = progressLine();
  const report = await heapReport(target, {
    standBy: startUndertaker,
    waitMs: milliseconds(wait),
    onQueue: () => progress.stage(stepText('queued', `process ${pid}`)),
    onWait: () => progress.stage(stepText('waiting', `process ${pid}`)),
    signal,
  }).finally(() => progress.clear());
  await deliver({}, (output) => {
    if (json) reportAsJson(document(report, top), output);
    else reportToTerminal(heapBlocks(report, top ?? CLASSES_SHOWN), terminalLook({}), output);
  });
  const { left } = report;
  if (left !== null && (await isLeftOpen(left)))
    throw new CommandError('inspectorOpen', describeLeftOpen(left));
}

function document({ pid, figures, classes, noClasses }: HeapReport, top: number | undefined): object {
  return {
    pid,
    ...figures,
    sampledShare: classes?.sampledShare ?? null,
    classes: classes?.classes.slice(0, top) ?? null,
    noClasses,
  };
}
