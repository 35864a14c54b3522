/** `afterimage analyze`: shows what a snapshot contains, what retains it, and what looks like a leak. */
import { readProvenance } from '@afterimage/snapshot';
import { Command } from 'commander';
import { analysisOf } from '../report/data/analysis.js';
import { heapTree } from '../report/data/heap-tree.js';
import { analysisBlocks, closingBlocks, openingBlocks } from '../report/blocks/analysis.js';
import type { Block } from '../report/blocks/block.js';
import { classBlocks } from '../report/blocks/classes.js';
import type { Shown } from '../report/blocks/shown.js';
import { identitiesOf } from '../files/encryption-options.js';
import { shownBlocks } from '../report/looks/one-screen.js';
import { runsHere } from '../processes/runs-here.js';
import { progressLine } from '../cli/progress-line.js';
import { addVerbHelp } from '../cli/verb-help.js';
import { answer, nodeId, snapshotArgument, type Questions } from '../jobs/answers.js';
import { addReportOptions, checkReportOptions, type ReportOptions } from '../report/report-options.js';
import { deliverReport, type Report } from '../report/deliver-report.js';
import { checkImageOptions, openSnapshot, type Opened } from '../jobs/snapshot-input.js';

type Options = ReportOptions & Questions;

const IN_PAGE: Shown = { suspects: Infinity, classes: 2000, details: null, isWhole: true };

export function analyzeCommand(): Command {
  const command = new Command('analyze')
    .description('show what a snapshot or an image contains, what retains it, and what looks like a leak')
    .addArgument(snapshotArgument())
    .option('--class <name>', 'instead: what afterimage instances prints for this class')
    .option('--path <id>', 'instead: what afterimage path prints for this node', nodeId)
    .option('--retainers <id>', 'instead: what afterimage retainers prints for this node', nodeId)
    .option('--strings', 'instead: what afterimage strings prints');
  return addVerbHelp(addReportOptions(command), {
    examples: [
      'analyze app.heapsnapshot',
      'analyze app.heapsnapshot --suspect 1',
      'analyze app.image.zst.age --identity key.txt',
      'analyze app.image.zst --isolate 1',
      'analyze app.heapsnapshot --format html -o report.html',
    ],
    exits: ['refused'],
    document: 'docs/json.md',
  }).action(runAnalyze);
}

async function runAnalyze(file: string, options: Options): Promise<void> {
  const { strings, class: name, path, retainers } = options;
  if ([strings, name, path, retainers].some((question) => question !== undefined))
    return answer(file, options, options);
  await checkReportOptions(options, [file]);
  const progress = progressLine();
  const { redact, isolate, force } = options;
  const opening = { identities: await identitiesOf(options), redact, isolate, force, progress };
  const opened = await openSnapshot(file, ['dominators', 'distances', 'classes'], opening);
  checkImageOptions(options, opened.isImage);
  try {
    progress.stage('looking for suspects …');
    const report = await analyze(opened, file, options);
    progress.clear();
    await deliverReport(options, report);
  } finally {
    progress.clear();
  }
}

async function analyze({ snapshot, others }: Opened, file: string, options: Options): Promise<Report> {
  const analysis = analysisOf(snapshot, file, others, options.top);
  const { pid, time } = readProvenance(snapshot.graph.header)?.target ?? {};
  const pidHere = pid !== undefined && time !== undefined && (await runsHere(pid, time)) ? pid : null;
  return {
    data: () => analysis,
    blocks: (look) => {
      const blocks = (shown: Shown): Block[] => analysisBlocks(analysis, shown, pidHere);
      return shownBlocks(blocks, analysis.suspects.length, options, look);
    },
    page: () => {
      const shown = { ...IN_PAGE, classes: options.top ?? IN_PAGE.classes };
      return {
        title: `Afterimage: ${file}`,
        opening: openingBlocks(analysis, shown),
        heap: heapTree(snapshot),
        rest: [...classBlocks(analysis.classes, shown.classes), ...closingBlocks(analysis, shown, pidHere)],
      };
    },
  };
}
