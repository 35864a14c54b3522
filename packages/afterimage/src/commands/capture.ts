/** `afterimage capture`: an image of a process that runs, developed into a snapshot or stored. */
import { DevelopError } from '@afterimage/agent/develop';
import { formatBytes, formatMs, roundMs } from '@afterimage/agent/figures';
import type { ImageHeader } from '@afterimage/agent/image';
import { STORED_ENDING } from '@afterimage/agent/image-store';
import { checkOutput } from '@afterimage/agent/output-file';
import type { RedactionLevel } from '@afterimage/snapshot';
import { Command } from 'commander';
import type { AttachStep } from '../attach/attach.js';
import { installedAddon } from '../attach/installed-addon.js';
import { startUndertaker } from '../attach/undertaker-process.js';
import type { CapturedImage, CaptureCost } from '../capture/captured-image.js';
import { captureLocal } from '../capture/local.js';
import { checkResultPath, resultPath } from '../capture/result-path.js';
import { developCaptured, isWorthAnotherImage, storeCaptured } from '../capture/result.js';
import { CommandError } from '../command-error.js';
import type { Developed } from '../developing.js';
import { recipientOption, recipientsOf, type RecipientOptions } from '../encryption-options.js';
import { interruption } from '../interruption.js';
import { outputFailure } from '../output.js';
import { progressLine, type ProgressLine } from '../progress-line.js';
import { formatNumberOf } from '../quantities.js';
import { levelOption } from '../redaction-option.js';
import { attachableProcess } from '../target/candidate.js';

interface Options extends RecipientOptions {
  output?: string;
  image?: string | true;
  redact: RedactionLevel;
  storePlainImage?: true;
  force?: true;
  json?: true;
}

interface Job {
  options: Options;
  recipients: string[];
  signal: AbortSignal;
  progress: ProgressLine;
}

/** What one capture came to. */
interface Captured {
  kind: 'snapshot' | 'image';
  path: string;
  bytes: number;
  sha256: string;
  header: ImageHeader;
  cost: CaptureCost;
  attempts: number;
  developed?: Developed;
}

const SNAPSHOT_ENDING = '.heapsnapshot';
const ATTEMPTS = 3;

export function captureCommand(): Command {
  return new Command('capture')
    .description('capture the heap of a running Node.js process, without stopping it')
    .argument('<target...>', 'process ids')
    .option('-o, --output <file>', 'where the snapshot goes; {name}, {pid} and {timestamp} are filled in')
    .option('--image [file]', 'store the image, to be developed later, in place of a snapshot')
    .addOption(levelOption())
    .addOption(recipientOption())
    .option('--store-plain-image', 'store an image that is not encrypted, with every secret of the process')
    .option('--json', 'print what was done as one JSON document')
    .option('--force', 'develop even if memory or disk look too small for it')
    .action(runCapture);
}

async function runCapture(targets: string[], options: Options): Promise<void> {
  const recipients = await recipientsOf(options);
  checkUsage(targets, options, recipients);
  const job = { options, recipients, signal: interruption(), progress: progressLine() };
  const reports: object[] = [];
  for (const target of targets) {
    const captured = await captureOne(target, job);
    reports.push(report(captured));
    if (options.json !== true) console.error(`afterimage: ${summary(captured)}`);
  }
  if (options.json) console.log(JSON.stringify(reports.length === 1 ? reports[0] : reports));
}

function checkUsage(targets: string[], options: Options, recipients: readonly string[]): void {
  for (const target of targets) pidOf(target);
  const { output, image, storePlainImage } = options;
  if (output === '-' || image === '-')
    throw new CommandError('usage', 'a capture goes to a file: name one, or leave -o out');
  if (output !== undefined && image !== undefined)
    throw new CommandError('usage', 'give either -o for a snapshot, or --image for the image');
  for (const path of [output, image]) if (typeof path === 'string') checkResultPath(path, targets.length);
  if (image === undefined || recipients.length > 0) return;
  if (storePlainImage !== true) {
    throw new CommandError(
      'refused',
      'the image would be stored with every secret of the process in it: encrypt it, --recipient age1…, or allow it as it ' +
        'is with --store-plain-image',
    );
  }
  console.error('afterimage: warning: the image is stored in clear, with every secret of the process in it');
}

function pidOf(target: string): number {
  if (/^[1-9]\d{0,9}$/.test(target)) return Number(target);
  throw new CommandError('usage', `${target} is no process id`);
}

async function captureOne(target: string, job: Job): Promise<Captured> {
  const { output, image } = job.options;
  const path = output ?? (typeof image === 'string' ? image : undefined) ?? 'snapshot';
  try {
    await checkOutput(path);
    for (let attempt = 1; ; attempt++) {
      const captured = await captureImage(target, job);
      try {
        return { ...(await keep(captured, job, pidOf(target))), attempts: attempt };
      } catch (error) {
        if (!isWorthAnotherImage(error) || attempt === ATTEMPTS) throw error;
      } finally {
        await captured.release();
      }
    }
  } catch (error) {
    throw job.signal.aborted ? job.signal.reason : explain(error, target, path);
  } finally {
    job.progress.clear();
  }
}

async function captureImage(target: string, { signal, progress }: Job): Promise<CapturedImage> {
  const pid = pidOf(target);
  const steps: Record<AttachStep, string> = {
    attached: `attached to process ${pid}`,
    forked: `process ${pid} is forked`,
    left: `process ${pid} is left alone again`,
  };
  progress.stage(`looking at process ${pid}`);
  const process = await attachableProcess(pid, signal);
  return captureLocal({
    target: process,
    addonFor: installedAddon,
    standBy: startUndertaker,
    isBeside: false,
    signal,
    onStep: (step) => progress.stage(steps[step]),
  });
}

async function keep(
  captured: CapturedImage,
  { options, recipients, signal, progress }: Job,
  pid: number,
): Promise<Omit<Captured, 'attempts'>> {
  const { image } = captured;
  const { header } = image;
  const isImage = options.image !== undefined;
  const asked = options.output ?? (typeof options.image === 'string' ? options.image : undefined);
  const path = resultPath(asked, isImage ? STORED_ENDING : SNAPSHOT_ENDING, {
    name: header.metadata.name,
    pid,
    time: new Date(header.metadata.capturedAt),
    encrypted: recipients.length > 0,
  });
  const developing = { redact: options.redact, recipients, signal, progress };
  if (isImage) {
    const stored = await storeCaptured(image, path, developing);
    return { kind: 'image', path, ...stored, header, cost: captured.cost() };
  }
  const developed = await developCaptured(image, path, options.force === true, developing);
  const { snapshotBytes: bytes, sha256 } = developed;
  return { kind: 'snapshot', path, bytes, sha256, header, cost: captured.cost(), developed };
}

function summary({ kind, path, bytes, sha256, header, cost, developed }: Captured): string {
  const what =
    developed === undefined
      ? ''
      : `, ${formatNumberOf(developed.nodes, 'node')}; redacted: ${developed.redaction}`;
  const target = `process ${header.metadata.pid}`;
  return (
    `wrote the ${kind} ${path} (${formatBytes(bytes)}${what}), sha256 ${sha256}; ${target} stood still for ` +
    `${formatMs(cost.pauseMs)}, and had its image out after ${formatMs(cost.captureMs)} with ${formatBytes(cost.extraBytes)} more memory`
  );
}

function report({ kind, path, bytes, sha256, header, cost, attempts, developed }: Captured): object {
  const { metadata, imageBytes } = header;
  const { pauseMs, parkMs, forkMs, captureMs, extraBytes } = cost;
  return {
    kind,
    path,
    bytes,
    sha256,
    ...(developed === undefined
      ? {}
      : {
          nodes: developed.nodes,
          edges: developed.edges,
          redaction: developed.redaction,
          developMs: roundMs(developed.developMs),
          ghostLocks: developed.ghostLocks,
        }),
    pauseMs: roundMs(pauseMs),
    parkMs: roundMs(parkMs),
    forkMs: roundMs(forkMs),
    captureMs: roundMs(captureMs),
    extraBytes,
    attempts,
    image: { bytes: imageBytes, ...metadata, request: undefined },
  };
}

/** The errors of the parts, as the command's. What is unknown stays as it is. */
function explain(error: unknown, target: string, output: string): unknown {
  if (error instanceof CommandError) return error;
  if (error instanceof DevelopError) {
    const { cause } = error;
    if (cause instanceof CommandError) return cause;
    if (error.code === 'output-failed') return outputFailure(cause, output) ?? error;
    return new CommandError('failed', `process ${target}: ${error.message}`, { cause: error });
  }
  return outputFailure(error, output) ?? error;
}
