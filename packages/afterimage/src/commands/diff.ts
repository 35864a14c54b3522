/** `afterimage diff`: shows what grew between snapshots, what retains it, and by which path. */
import { diff, type Snapshot } from '@afterimage/snapshot';
import { Command } from 'commander';
import { comparisonOf, heapSizeOf, type Comparison, type HeapSize } from '../report/data/comparison.js';
import { heapTree } from '../report/data/heap-tree.js';
import { packageFile } from '../report/data/package-files.js';
import { CommandError } from '../cli/command-error.js';
import {
  closingBlocks,
  comparisonBlocks,
  detailBlocks,
  headline,
  openingBlocks,
} from '../report/blocks/comparison.js';
import type { Shown } from '../report/blocks/shown.js';
import { identitiesOf } from '../files/encryption-options.js';
import { shownBlocks } from '../report/looks/one-screen.js';
import { progressLine, type ProgressLine } from '../cli/progress-line.js';
import { addReportOptions, checkReportOptions, type ReportOptions } from '../report/report-options.js';
import { deliverReport, type Report } from '../report/deliver-report.js';
import { addVerbHelp } from '../cli/verb-help.js';
import { openSnapshot } from '../files/snapshot-input.js';

const IN_PAGE: Shown = { suspects: Infinity, classes: 2000, details: null, isWhole: true };

export function diffCommand(): Command {
  const command = new Command('diff')
    .description('show what grew between snapshots of a process, and what retains it')
    .argument(
      '<before>',
      'the earliest snapshot, plain or compressed with gzip or zstd; - reads standard input',
    )
    .argument('<after>', 'a later one')
    .argument('[more...]', 'still later ones: what grew each time is what leaks');
  return addVerbHelp(addReportOptions(command), {
    examples: [
      'diff before.heapsnapshot after.heapsnapshot',
      'diff before.heapsnapshot after.heapsnapshot later.heapsnapshot',
      'diff before.heapsnapshot after.heapsnapshot --format markdown -o ticket.md',
    ],
    exits: ['refused'],
    document: 'docs/json.md',
  }).action((before: string, after: string, more: string[], options: ReportOptions) =>
    runDiff([before, after, ...more], options),
  );
}

async function runDiff(files: string[], options: ReportOptions): Promise<void> {
  await checkReportOptions(options, files);
  const progress = progressLine();
  try {
    const { last, heaps, snapshots } = inTurn(files, progress, await identitiesOf(options));
    const growth = await diff(snapshots, {
      readText: packageFile,
      ...(options.top === undefined ? {} : { most: options.top }),
    });
    const comparison = comparisonOf(growth, files, heaps, last(), options.top);
    const report = reportOf(comparison, last, options);
    progress.clear();
    await deliverReport(options, report);
  } finally {
    progress.clear();
  }
}

/** Opens one at a time, so that memory is that of one; the last one can be requested again. */
function inTurn(
  files: readonly string[],
  progress: ProgressLine,
  identities: readonly string[],
): { snapshots: AsyncIterable<Snapshot>; heaps: HeapSize[]; last: () => Snapshot } {
  const heaps: HeapSize[] = [];
  let last: Snapshot | null = null;
  async function* snapshots(): AsyncGenerator<Snapshot> {
    for (const [at, file] of files.entries()) {
      const snapshot = await openSnapshot(file, progress, [], identities);
      if (at === files.length - 1) last = snapshot;
      heaps.push(heapSizeOf(snapshot));
      progress.stage('looking for what grew …');
      yield snapshot;
    }
  }
  return {
    snapshots: snapshots(),
    heaps,
    last() {
      if (last === null) throw new CommandError('failed', 'the last snapshot was not read');
      return last;
    },
  };
}

function reportOf(comparison: Comparison, last: () => Snapshot, options: ReportOptions): Report {
  return {
    data: () => comparison,
    blocks: (look) =>
      shownBlocks((shown) => comparisonBlocks(comparison, shown), comparison.suspects.length, options, look),
    page: () => {
      const shown = { ...IN_PAGE, classes: options.top ?? IN_PAGE.classes };
      return {
        title: `Afterimage: ${headline(comparison)}`,
        opening: openingBlocks(comparison, shown),
        heap: heapTree(last()),
        rest: [...detailBlocks(comparison, shown), ...closingBlocks(comparison, shown)],
      };
    },
  };
}
