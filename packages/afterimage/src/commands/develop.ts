/** `afterimage develop`: turns an image captured elsewhere into a heap snapshot. */
import { inputName } from '../files/input-name.js';
import type { ImageHeader } from '@afterimage/image/read';
import type { RedactionLevel } from '@afterimage/snapshot/redaction';
import { Command } from 'commander';
import { formatBytes, formatMs, roundMs } from '@afterimage/host/format';
import { CommandError } from '../cli/command-error.js';
import { addVerbHelp } from '../cli/verb-help.js';
import { checkDestination, checkStandardOutput } from '../files/destination.js';
import { developBy, type DevelopedBy } from '../jobs/developing-by.js';
import { isolateReport, othersText } from '../jobs/isolates.js';
import { openImage } from '../jobs/opened-image.js';
import { isolateByV8, wayOption, type WayOptions } from '../jobs/ways.js';
import {
  identitiesOf,
  identityOption,
  recipientOption,
  recipientsOf,
  type IdentityOptions,
  type RecipientOptions,
} from '../files/encryption-options.js';
import { asCommandError } from '../files/as-command-error.js';
import { interruption } from '../cli/interruption.js';
import { isMainThread, isolateOption, type IsolateOptions } from '../cli/isolate-option.js';
import { levelOption } from '../cli/redaction-option.js';
import { sameFile } from '../files/same-file.js';
import { progressLine } from '../cli/progress-line.js';
import { visibleJson } from '../cli/visible.js';

interface Options extends RecipientOptions, IdentityOptions, IsolateOptions, WayOptions {
  output: string;
  redact: RedactionLevel;
  program?: string;
  json?: true;
  force?: true;
}

export function developCommand(): Command {
  const command = new Command('develop')
    .description('turn an image of a process into a heap snapshot')
    .argument('<image>', 'the image, raw or compressed with zstd or gzip; - reads standard input')
    .requiredOption(
      '-o, --output <file>',
      'output file: FILE, FILE.gz or FILE.zst to compress it, - for standard output',
    )
    .addOption(levelOption())
    .addOption(wayOption())
    .option(
      '--program <file>',
      "the target's own Node.js program, which V8's own generator needs for an image without it; default: the path that it had",
    )
    .addOption(isolateOption())
    .addOption(recipientOption())
    .addOption(identityOption())
    .option('--json', 'print what was done as one JSON document')
    .option(
      '--force',
      'overwrite an existing file, and develop even if memory or disk look too small for it',
    );
  return addVerbHelp(command, {
    examples: [
      'develop app.image.zst -o app.heapsnapshot',
      'develop app.image.zst.age --identity key.txt -o app.heapsnapshot',
      'develop app.image.zst --by auto -o app.heapsnapshot',
      'develop app.image.zst --isolate 1 -o worker.heapsnapshot',
    ],
    exits: ['refused'],
    document: 'docs/image-format.md',
  }).action(runDevelop);
}

async function runDevelop(imagePath: string, options: Options): Promise<void> {
  await checkUsage(imagePath, options);
  const [recipients, identities] = [await recipientsOf(options), await identitiesOf(options)];
  const signal = interruption();
  const progress = progressLine();
  try {
    const force = options.force === true;
    await checkDestination(options.output, force);
    const image = await openImage(imagePath, identities, signal);
    const { redact, output, by, program, isolate } = options;
    const developing = { redact, recipients, force, program, signal, progress };
    const developed = await developBy(by, image, output, developing, isolate);
    progress.clear();
    if (options.json) {
      console.log(visibleJson(JSON.stringify(report(image.stream.header, developed, output))));
      return;
    }
    console.error(`afterimage: ${summary(developed, options.output)}`);
    const others = othersText(developed.others);
    if (others !== null) console.error(`afterimage: ${others}`);
  } catch (error) {
    progress.clear();
    throw signal.aborted
      ? signal.reason
      : asCommandError(error, { input: inputName(imagePath), output: options.output });
  }
}

async function checkUsage(imagePath: string, { output, json, by, isolate }: Options): Promise<void> {
  if (by === 'v8' && !isMainThread(isolate)) throw isolateByV8();
  checkStandardOutput(output, json === true);
  if (await sameFile(imagePath, output)) {
    throw new CommandError('usage', `${output} is the image itself; give -o another file`);
  }
}

function summary(
  { nodes, edges, fileBytes, redaction, sha256, developMs }: DevelopedBy,
  output: string,
): string {
  const counts = `${nodes.toLocaleString('en')} nodes, ${edges.toLocaleString('en')} edges`;
  const what = output === '-' ? 'the snapshot' : output;
  return `wrote ${what} (${formatBytes(fileBytes)}, ${counts}; redacted: ${redaction}) in ${formatMs(developMs)}, sha256 ${sha256}`;
}

function report({ metadata, imageBytes }: ImageHeader, developed: DevelopedBy, path: string): object {
  const { by, isolate, fileBytes, sha256, nodes, edges, redaction, developMs, ghostLocks } = developed;
  return {
    path,
    bytes: fileBytes,
    sha256,
    nodes,
    edges,
    redaction,
    by,
    isolate: isolate === null ? null : isolateReport(isolate),
    others: developed.others.map(isolateReport),
    developMs: roundMs(developMs),
    ghostLocks,
    image: { bytes: imageBytes, ...metadata },
  };
}
