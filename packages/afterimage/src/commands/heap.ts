/** `afterimage heap`: what the heap of a running process is made of, without a snapshot. */
import { Command } from 'commander';
import { addTargetOptions, targetOptions, type GivenTarget } from '../jobs/target-options.js';
import { findTargets, checkTargets } from '../jobs/targets.js';
import { CommandError } from '../cli/command-error.js';
import { heapBlocks } from '../report/blocks/heap.js';
import type { HeapReport } from '../heap/report.js';
import { interruption } from '../cli/interruption.js';
import { progressLine } from '../cli/progress-line.js';
import { wholeNumber } from '../cli/whole-number.js';
import { deliverReport } from '../report/deliver-report.js';
import { addFormatOptions, type FormatOptions } from '../report/format-options.js';
import { checkReportOptions } from '../report/report-options.js';
import { addVerbHelp } from '../cli/verb-help.js';

interface Options extends FormatOptions, GivenTarget {
  top?: number;
}

const CLASSES_SHOWN = 20;

export function heapCommand(): Command {
  const command = new Command('heap')
    .description('say what the heap of a running Node.js process is made of, without a snapshot, in a moment')
    .argument('[target]', 'a process ID, pod/NAME, deploy/NAME, sts/NAME, docker/NAME or podman/NAME')
    .option('--top <n>', 'how many classes to show', wholeNumber);
  return addVerbHelp(addFormatOptions(addTargetOptions(command)), {
    examples: ['heap 4711', 'heap deploy/shop -n prod', 'heap 4711 --top 50', 'heap 4711 --format json'],
    exits: ['refused', 'targetGone', 'inspectorOpen'],
    document: 'docs/json.md',
  }).action(runHeap);
}

async function runHeap(word: string | undefined, options: Options): Promise<void> {
  const words = word === undefined ? [] : [word];
  const where = targetOptions(options, { all: undefined, inCluster: false, agent: false });
  checkTargets(words, where);
  await checkReportOptions(options);
  const { top } = options;
  const signal = interruption();
  const progress = progressLine();
  const say = (line: string): void => {
    progress.clear();
    console.error(`afterimage: ${line}`);
  };
  const [target] = await findTargets(words, where, say);
  const { report, leftOpen } = await target
    .heap({ signal, progress, say })
    .catch((error: unknown) => {
      throw signal.aborted ? signal.reason : error;
    })
    .finally(() => progress.clear());
  await deliverReport(options, {
    data: () => document(target.name, report, top),
    blocks: () => heapBlocks(target.name, report, top ?? CLASSES_SHOWN),
  });
  if (leftOpen !== null) throw new CommandError('inspectorOpen', leftOpen);
}

/** What the process says of itself is null where it was not asked. */
function document(target: string, report: HeapReport, top: number | undefined): object {
  const { pid, figures, noFigures, nodeVersion, rssBytes, classes, noClasses, threads } = report;
  const unasked = {
    nodeVersion,
    v8Version: null,
    uptimeMs: null,
    eventLoopUtilization: null,
    rssBytes,
    heap:
      classes === null ? null : { usedBytes: null, committedBytes: classes.committedBytes, limitBytes: null },
    externalBytes: null,
    arrayBufferBytes: null,
    mallocedBytes: null,
    nativeContexts: null,
    detachedContexts: null,
    spaces: null,
    resources: null,
  };
  return {
    target,
    pid,
    ...(figures ?? unasked),
    noFigures,
    sampledShare: classes?.sampledShare ?? null,
    classes: classes?.classes.slice(0, top) ?? null,
    noClasses,
    threads,
  };
}
