/** `afterimage develop`: turns an image captured elsewhere into a heap snapshot. */
import { inputName } from '../files/input-name.js';
import { readImage, type ImageHeader, type ImageStream } from '@afterimage/image/read';
import type { RedactionLevel } from '@afterimage/snapshot/redaction';
import { Command, Option } from 'commander';
import { formatBytes, formatMs, roundMs } from '@afterimage/host/format';
import { CommandError } from '../cli/command-error.js';
import { addVerbHelp } from '../cli/verb-help.js';
import { checkDestination, checkStandardOutput } from '../files/destination.js';
import { checkRoom, developTo, type Developed, type Developing } from '../jobs/developing.js';
import { readNeedBytes, readTo } from '../jobs/reading-heap.js';
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
import { levelOption } from '../cli/redaction-option.js';
import { sameFile } from '../files/same-file.js';
import { openStored, plainImageFile } from '../files/stored-stream.js';
import { progressLine } from '../cli/progress-line.js';
import { visibleJson } from '../cli/visible.js';

/** V8's own generator, in the restored process; or the reader, which runs nothing of it. */
type Way = 'v8' | 'reader';

interface Options extends RecipientOptions, IdentityOptions {
  output: string;
  redact: RedactionLevel;
  by: Way;
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
    .addOption(
      new Option('--by <way>', 'v8: its own generator, in the restored process; reader (experimental)')
        .choices(['v8', 'reader'])
        .default('v8'),
    )
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
      'develop app.image.zst --by reader -o app.heapsnapshot',
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
    const image = await readImage(await openStored(imagePath, identities, signal));
    const { redact, output, by } = options;
    const developing = { redact, recipients, force, signal, progress };
    const developed =
      by === 'v8'
        ? await developByV8(output, image, developing)
        : await developByReader(imagePath, output, image, developing);

    progress.clear();
    if (options.json) console.log(visibleJson(JSON.stringify(report(image.header, developed, options))));
    else console.error(`afterimage: ${summary(developed, options.output)}`);
  } catch (error) {
    progress.clear();
    throw signal.aborted
      ? signal.reason
      : asCommandError(error, { input: inputName(imagePath), output: options.output });
  }
}

async function developByV8(output: string, image: ImageStream, developing: Developing): Promise<Developed> {
  if (!developing.force) await checkRoom(image.header, output);
  return developTo(output, image, developing);
}

async function developByReader(
  imagePath: string,
  output: string,
  image: ImageStream,
  developing: Developing,
): Promise<Developed> {
  const plainFile = await plainImageFile(imagePath);
  const needed = readNeedBytes(image.header, plainFile);
  if (!developing.force) await checkRoom(image.header, output, undefined, needed);
  return readTo(output, image, plainFile, developing);
}

async function checkUsage(imagePath: string, { output, json }: Options): Promise<void> {
  checkStandardOutput(output, json === true);
  if (await sameFile(imagePath, output)) {
    throw new CommandError('usage', `${output} is the image itself; give -o another file`);
  }
}

function summary(
  { nodes, edges, fileBytes, redaction, sha256, developMs }: Developed,
  output: string,
): string {
  const counts = `${nodes.toLocaleString('en')} nodes, ${edges.toLocaleString('en')} edges`;
  const what = output === '-' ? 'the snapshot' : output;
  return `wrote ${what} (${formatBytes(fileBytes)}, ${counts}; redacted: ${redaction}) in ${formatMs(developMs)}, sha256 ${sha256}`;
}

function report(
  { metadata, imageBytes }: ImageHeader,
  developed: Developed,
  { output: path, by }: Options,
): object {
  const { fileBytes, sha256, nodes, edges, redaction, developMs, ghostLocks } = developed;
  return {
    path,
    bytes: fileBytes,
    sha256,
    nodes,
    edges,
    redaction,
    by,
    developMs: roundMs(developMs),
    ghostLocks,
    image: { bytes: imageBytes, ...metadata },
  };
}
