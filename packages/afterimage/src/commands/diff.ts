/** `afterimage diff`: shows what grew between snapshots, what retains it, and by which path. */
import { diff, readProvenance, type Growth, type Snapshot } from '@afterimage/snapshot';
import { Command } from 'commander';
import { comparisonOf, heapSizeOf, type Comparison, type HeapSize } from '../report/data/comparison.js';
import { asSentence } from '../report/data/analysis.js';
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
import { progressLine } from '../cli/progress-line.js';
import { inputName } from '../files/input-name.js';
import { addReportOptions, checkReportOptions, type ReportOptions } from '../report/report-options.js';
import { deliverReport, type Report } from '../report/deliver-report.js';
import { addVerbHelp } from '../cli/verb-help.js';
import { checkImageOptions, openSnapshot, type Opening } from '../jobs/snapshot-input.js';
import type { Maker } from '../jobs/ways.js';

const IN_PAGE: Shown = { suspects: Infinity, classes: 2000, details: null, isWhole: true };

export function diffCommand(): Command {
  const command = new Command('diff')
    .description('show what grew between snapshots or images of a process, and what retains it')
    .argument(
      '<before>',
      'the earliest snapshot or image, plain or compressed with gzip or zstd; - reads standard input',
    )
    .argument('<after>', 'a later one')
    .argument('[more...]', 'still later ones: what grew each time is what leaks');
  return addVerbHelp(addReportOptions(command), {
    examples: [
      'diff before.heapsnapshot after.heapsnapshot',
      'diff before.heapsnapshot after.heapsnapshot later.heapsnapshot',
      'diff 1.image.zst 2.image.zst 3.image.zst',
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
    const { redact, isolate, force } = options;
    const opening = { identities: await identitiesOf(options), redact, isolate, force, progress };
    const { growth, heaps, last, others } = await grown(files, options.top, opening);
    const comparison = comparisonOf(growth, files, heaps, last, options.top);
    if (others !== null) comparison.notCovered = [...comparison.notCovered, asSentence(others)];
    const report = reportOf(comparison, last, options);
    progress.clear();
    await deliverReport(options, report);
  } finally {
    progress.clear();
  }
}

interface Grown {
  growth: Growth;
  heaps: HeapSize[];
  last: Snapshot;
  /** A sentence about other heaps in the last image, without its full stop; null if there are none. */
  others: string | null;
}

/** What the two ways see differs, which looks like growth: V8's own generator develops images next to its snapshots. */
async function grown(files: readonly string[], most: number | undefined, opening: Opening): Promise<Grown> {
  try {
    return await grownBy('reader', files, most, opening);
  } catch (error) {
    if (!(error instanceof MixedWaysError)) throw error;
    opening.progress.clear();
    if (files.includes('-'))
      throw new CommandError(
        'failed',
        `${error.message}; standard input cannot be read a second time for that`,
        {
          cause: error,
        },
      );
    console.error(`afterimage: ${error.message}`);
    return grownBy('v8', files, most, opening);
  }
}

/** Some would be read by the reader, and some by V8's own generator. */
class MixedWaysError extends Error {
  override name = 'MixedWaysError';
}

/** Opens one at a time, so that memory is that of one. */
async function grownBy(
  by: Maker,
  files: readonly string[],
  most: number | undefined,
  opening: Opening,
): Promise<Grown> {
  const heaps: HeapSize[] = [];
  const made = new Map<Maker, string>();
  const last: Snapshot[] = [];
  let hasImage = false;
  let othersInLast: string | null = null;
  async function* snapshots(): AsyncGenerator<Snapshot> {
    for (const [at, file] of files.entries()) {
      const { snapshot, isImage, others } = await openSnapshot(file, [], { ...opening, by });
      hasImage ||= isImage;
      othersInLast = others;
      made.set(readProvenance(snapshot.graph.header)?.by ?? 'v8', inputName(file));
      if (by === 'reader' && hasImage && made.size > 1)
        throw new MixedWaysError(
          `${made.get('v8') ?? ''} is by V8's own generator, which develops the images too, because only like can be compared`,
        );
      if (at === files.length - 1) last.push(snapshot);
      heaps.push(heapSizeOf(snapshot));
      opening.progress.stage('looking for what grew …');
      yield snapshot;
    }
  }
  const growth = await diff(snapshots(), { readText: packageFile, ...(most === undefined ? {} : { most }) });
  checkImageOptions(opening, hasImage);
  return { growth, heaps, last: last[0], others: othersInLast };
}

function reportOf(comparison: Comparison, last: Snapshot, options: ReportOptions): Report {
  return {
    data: () => comparison,
    blocks: (look) =>
      shownBlocks((shown) => comparisonBlocks(comparison, shown), comparison.suspects.length, options, look),
    page: () => {
      const shown = { ...IN_PAGE, classes: options.top ?? IN_PAGE.classes };
      return {
        title: `Afterimage: ${headline(comparison)}`,
        opening: openingBlocks(comparison, shown),
        heap: heapTree(last),
        rest: [...detailBlocks(comparison, shown), ...closingBlocks(comparison, shown)],
      };
    },
  };
}
