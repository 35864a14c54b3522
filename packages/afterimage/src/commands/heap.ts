/** `afterimage heap`: what the heap of a process that runs is made of, without a snapshot of it. */
import { Command } from 'commander';
import { describeLeftOpen, isLeftOpen } from '../attach/left-open.js';
import { startWatchdog } from '../attach/watchdog-process.js';
import { stepText } from '../jobs/local-target.js';
import { CommandError } from '../cli/command-error.js';
import { heapBlocks } from '../report/blocks/heap.js';
import { heapReport, type HeapReport } from '../heap/report.js';
import { interruption } from '../cli/interruption.js';
import { progressLine } from '../cli/progress-line.js';
import { wholeNumber } from '../cli/whole-number.js';
import { deliverReport } from '../report/deliver-report.js';
import { addFormatOptions, type FormatOptions } from '../report/format-options.js';
import { checkReportOptions } from '../report/report-options.js';
import { addVerbHelp } from '../cli/verb-help.js';
import { attachableProcess } from '../processes/candidate.js';
import { localProcess } from '../jobs/targets.js';
import { milliseconds, waitOption } from '../jobs/wait-option.js';

interface Options extends FormatOptions {
  top?: number;
  wait?: number;
}

const CLASSES_SHOWN = 20;

export function heapCommand(): Command {
  const command = new Command('heap')
    .description('say what the heap of a running Node.js process is made of, without a snapshot, in a moment')
    .argument('<target>', 'a process ID; capture takes pods and containers as well')
    .option('--top <n>', 'how many classes to show', wholeNumber)
    .addOption(waitOption());
  return addVerbHelp(addFormatOptions(command), {
    examples: ['heap 4711', 'heap 4711 --top 50', 'heap 4711 --format json'],
    exits: ['refused', 'targetGone', 'inspectorOpen'],
    document: 'docs/json.md',
  }).action(runHeap);
}

async function runHeap(word: string, options: Options): Promise<void> {
  const pid = localProcess(word, 'heap');
  await checkReportOptions(options);
  const { top, wait } = options;
  const signal = interruption();
  const target = await attachableProcess(pid, signal, false);
  const progress = progressLine();
  const report = await heapReport(target, {
    standBy: startWatchdog,
    waitMs: milliseconds(wait),
    onQueue: () => progress.stage(stepText('queued', `process ${pid}`)),
    onWait: () => progress.stage(stepText('waiting', `process ${pid}`)),
    signal,
  }).finally(() => progress.clear());
  await deliverReport(options, {
    data: () => document(report, top),
    blocks: () => heapBlocks(report, top ?? CLASSES_SHOWN),
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
