/** `afterimage capture`: captures running processes, as developed snapshots or stored images. */
import { DevelopError } from '@afterimage/image/develop';
import { STORED_ENDING } from '@afterimage/image/store';
import type { RedactionLevel } from '@afterimage/snapshot/redaction';
import type { Isolate } from '@afterimage/v8-heap/reader/isolates';
import { Command, Option } from 'commander';
import type { Arrival } from '../capture/arrival.js';
import { agentRefusal, captureWithAgent, type AskedOfAgent } from '../jobs/agent-job.js';
import { writeIsolates } from '../jobs/captured-isolates.js';
import { developArriving } from '../jobs/developing-by.js';
import { isolateLabel, othersText } from '../jobs/isolates.js';
import { failureReport, imageOf, report, snapshotOutcome, summary, type Captured } from '../jobs/outcome.js';
import { checkResultPath, resultPath, SNAPSHOT_ENDING } from '../jobs/result-path.js';
import { keepWritten } from '../jobs/agent-result.js';
import { isWorthAnotherImage, redactCaptured, STORE_IT, storeCaptured } from '../jobs/result.js';
import { isolateByV8, wayOption, type WayOptions } from '../jobs/ways.js';
import type { CaptureTarget, ImageContext } from '../jobs/target.js';
import { addTargetOptions, targetOptions, type GivenTarget } from '../jobs/target-options.js';
import { checkTargets, findTargets } from '../jobs/targets.js';
import { CommandError } from '../cli/command-error.js';
import { addVerbHelp } from '../cli/verb-help.js';
import { checkDestination, checkStandardOutput, freePath } from '../files/destination.js';
import { BrokenConnectionError } from '../container/kit-session.js';
import { messageOf } from '@afterimage/host/errors';
import { recipientOption, recipientsOf, type RecipientOptions } from '../files/encryption-options.js';
import { InterruptedError, interruption } from '../cli/interruption.js';
import { asCommandError } from '../files/as-command-error.js';
import { progressLine, type ProgressLine } from '../cli/progress-line.js';
import { ALL_ISOLATES, capturedIsolateOption, type IsolateOptions } from '../cli/isolate-option.js';
import { levelOption } from '../cli/redaction-option.js';
import { visibleJson } from '../cli/visible.js';

interface GivenOptions extends RecipientOptions, GivenTarget, IsolateOptions, WayOptions {
  agent: boolean;
  all?: true;
  develop: 'here' | 'in-cluster';
  output?: string;
  image?: string | true;
  redact: RedactionLevel;
  storePlainImage?: true;
  whole?: true;
  force?: true;
  json?: true;
}

interface Options extends GivenOptions {
  /** Whether the level was given explicitly. */
  redactIsGiven: boolean;
}

interface Job {
  options: Options;
  recipients: string[];
  signal: AbortSignal;
  progress: ProgressLine;
  say: (line: string) => void;
}

const ATTEMPTS = 3;

export function captureCommand(): Command {
  const command = new Command('capture')
    .description('capture the heap of a running Node.js process, without stopping it')
    .argument('[target...]', 'process ids, pod/NAME, deploy/NAME, sts/NAME, docker/NAME or podman/NAME')
    .option(
      '-o, --output <file>',
      'output file: FILE, FILE.gz or FILE.zst to compress it, - for standard output; {target}, {name}, ' +
        '{pid}, {timestamp} and {isolate} are filled in',
    )
    .option(
      '--image [file]',
      'store the image instead of a snapshot, to be developed later; - is standard output',
    )
    .addOption(levelOption())
    .addOption(wayOption())
    .addOption(capturedIsolateOption())
    .addOption(recipientOption())
    .option('--store-plain-image', 'store the image unencrypted, with every secret of the process')
    .option(
      '--whole',
      "store all of the program in the image, for V8's own generator on a machine without that program",
    )
    .option('--all', 'capture every matching pod in turn (default: the longest-running)')
    .addOption(
      new Option('--develop <where>', 'a snapshot: by this command, or in a pod that is made for it')
        .choices(['here', 'in-cluster'])
        .default('here'),
    )
    .option('--no-agent', 'attach through the inspector even if the process has an agent, ignoring its gate')
    .option('--json', 'print what was done as one JSON document')
    .option(
      '--force',
      'overwrite an existing file, and develop even if memory or disk look too small for it',
    );
  return addVerbHelp(addTargetOptions(command), {
    examples: [
      'capture 4711',
      'capture 4711 -o app.heapsnapshot.gz',
      'capture deploy/shop -n prod',
      'capture 4711 --isolate all',
      'capture 4711 --image app.image.zst.age --recipient age1…',
    ],
    exits: ['refused', 'targetGone', 'inspectorOpen'],
    document: 'docs/how-it-works.md',
  }).action(runCapture);
}

async function runCapture(words: string[], given: GivenOptions, command: Command): Promise<void> {
  const options = { ...given, redactIsGiven: command.getOptionValueSource('redact') === 'cli' };
  const { agent, all = false, develop } = options;
  const inCluster = develop === 'in-cluster';
  const where = targetOptions(options, { all, inCluster, agent, isolate: options.isolate });
  checkTargets(words, where);
  const recipients = await recipientsOf(options);
  checkUsage(options, recipients);
  const progress = progressLine();
  const say = (line: string): void => {
    progress.clear();
    console.error(`afterimage: ${line}`);
  };
  const job = { options, recipients, signal: interruption(), progress, say };
  const targets = await findTargets(words, where, say);
  for (const path of [options.output, options.image])
    if (typeof path === 'string') checkResultPath(path, targets.length, options.isolate === ALL_ISOLATES);
  const captures: object[] = [];
  const failures: CommandError[] = [];
  const leftOpen: string[] = [];
  for (const target of targets) {
    try {
      const written = await captureOne(target, job, {
        onLeftOpen: (sentence) => leftOpen.push(sentence),
        onFailure: (error) => {
          failures.push(error);
          captures.push(failureReport(target.name, error));
          say(error.message);
        },
      });
      for (const captured of written) {
        captures.push(report(captured));
        if (options.json !== true) say(summary(captured));
      }
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      failures.push(error);
      captures.push(failureReport(target.name, error));
      if (targets.length > 1) say(error.message);
    }
  }
  if (options.json) console.log(visibleJson(JSON.stringify({ captures })));
  if (leftOpen.length > 0) throw new CommandError('inspectorOpen', leftOpen.join('; '));
  if (failures.length === 0) return;
  if (targets.length === 1 && captures.length === 1) throw failures[0];
  const what = options.isolate === ALL_ISOLATES ? 'heaps' : 'targets';
  const count = `${failures.length} of ${captures.length}`;
  throw new CommandError(failures[0].failure, `${count} ${what} could not be captured`);
}

function checkUsage(options: Options, recipients: readonly string[]): void {
  const { output, image, develop, storePlainImage, whole, json, by } = options;
  checkIsolateUsage(options);
  if (by === 'reader' && develop === 'in-cluster')
    throw new CommandError('usage', "--develop in-cluster is by V8's own generator: leave it or --by out");
  if (whole === true && image === undefined)
    throw new CommandError('usage', '--whole is for an image that is stored: give --image, or leave it out');
  for (const path of [output, image]) if (typeof path === 'string') checkStandardOutput(path, json === true);
  if (output !== undefined && image !== undefined)
    throw new CommandError('usage', 'give either -o for a snapshot, or --image for the image');
  if (image !== undefined && develop === 'in-cluster')
    throw new CommandError('usage', '--image stores the image as it is: leave --develop out');
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

/** A thread's heap is read out of the image here, by the reader. */
function checkIsolateUsage({ output, image, isolate, develop, by }: Options): void {
  if (isolate === undefined) return;
  if (by === 'v8') throw isolateByV8();
  if (image !== undefined)
    throw new CommandError(
      'usage',
      '--image stores the heaps of all threads: leave --isolate out, and give it to analyze or develop',
    );
  if (develop === 'in-cluster')
    throw new CommandError(
      'usage',
      "--develop in-cluster is by V8's own generator, which develops the main thread's heap alone: leave it or --isolate out",
    );
  if (isolate === ALL_ISOLATES && output === '-')
    throw new CommandError(
      'usage',
      '--isolate all writes a file for each thread: give -o a name with {isolate}',
    );
}

interface Told {
  onLeftOpen: (sentence: string) => void;
  /** One of several heaps could not be read. */
  onFailure: (error: CommandError) => void;
}

async function captureOne(
  target: CaptureTarget,
  job: Job,
  { onLeftOpen, onFailure }: Told,
): Promise<Captured[]> {
  const { output, image, isolate } = job.options;
  const asked = output ?? (typeof image === 'string' ? image : undefined);
  const path = asked ?? 'snapshot';
  const { signal, progress, say } = job;
  try {
    // Placeholders are filled in after the capture; then a name that exists gets a number.
    const isFinal = asked !== undefined && !asked.includes('{');
    await checkDestination(path, job.options.force === true || !isFinal);
    const agent = job.options.agent ? ((await target.agent?.()) ?? null) : null;
    if (agent !== null) {
      if (isolate !== undefined) throw agentRefusal(target.name);
      return [await captureWithAgent(agent, askedOf(job), job)];
    }
    for (let attempt = 1; ; attempt++) {
      try {
        const captured = await target.capture({ signal, progress, say, ...useOf(job.options) });
        try {
          const kept = await keep(captured, target, job, onFailure);
          const left = captured.kind === 'written' ? null : await captured.leftOpen();
          if (left !== null) onLeftOpen(left);
          return kept.map((each) => ({ ...each, attempts: attempt }));
        } finally {
          await captured.release();
        }
      } catch (error) {
        const mayDo = isWorthAnotherImage(error) || causedBy(error) instanceof BrokenConnectionError;
        if (!mayDo || attempt === ATTEMPTS || signal.aborted) throw error;
        say(`${messageOf(error)}; trying again, ${attempt + 1} of ${ATTEMPTS}`);
      }
    }
  } catch (error) {
    if (error instanceof InterruptedError) throw error;
    throw signal.aborted ? signal.reason : asCommandError(error, { input: target.name, output: path });
  } finally {
    progress.clear();
  }
}

/** Returns what becomes of the image. V8's own generator needs the program in it, but on this machine. */
function useOf({ image, by, develop, whole }: Options): Pick<ImageContext, 'use' | 'needsProgram'> {
  const isByV8 = by === 'v8' || develop === 'in-cluster';
  const use = image !== undefined ? 'store' : isByV8 ? 'darkroom' : 'read';
  return { use, needsProgram: use === 'darkroom' || whole === true };
}

/** Returns the options that concern an agent. */
function askedOf({ options, recipients }: Job): AskedOfAgent {
  const { output, image, force, redact, redactIsGiven, recipient, by } = options;
  return {
    output: output ?? (typeof image === 'string' ? image : undefined),
    wantsImage: image !== undefined,
    redact: redactIsGiven ? redact : undefined,
    recipients,
    mustEncrypt: recipient !== undefined,
    force: force === true,
    by,
  };
}

/** Returns the image's own error, which the darkroom wraps. */
function causedBy(error: unknown): unknown {
  return error instanceof DevelopError ? error.cause : error;
}

type Kept = Omit<Captured, 'attempts'>;

async function keep(
  captured: Arrival,
  target: CaptureTarget,
  job: Job,
  onFailure: Told['onFailure'],
): Promise<Kept[]> {
  if (captured.kind === 'written') return [await keepWritten(captured, target, askedOf(job), job)];
  const { options, recipients, signal, progress } = job;
  const { header } = captured.kind === 'image' ? captured.image : captured;
  const isImage = options.image !== undefined;
  const asked = options.output ?? (typeof options.image === 'string' ? options.image : undefined);
  const force = options.force === true;
  const pathOf = (isolate?: string): Promise<string> => {
    const named = resultPath(asked, isImage ? STORED_ENDING : SNAPSHOT_ENDING, {
      target: target.fileName,
      name: header.metadata.name,
      pid: header.metadata.pid,
      time: new Date(header.metadata.capturedAt),
      encrypted: recipients.length > 0,
      isolate,
    });
    return freePath(named, force);
  };
  const developing = { redact: options.redact, recipients, force, signal, progress };
  const common = { by: 'inspector', target: target.name } as const;
  if (captured.kind === 'image' && options.isolate !== undefined) {
    const of = (isolate: Isolate): Promise<string> => pathOf(isolateLabel(isolate));
    const written = await writeIsolates(captured.image, options.isolate, of, developing, onFailure);
    return written.map(({ isolate, path, developed }) => ({
      ...{ ...common, path, isolate, cost: captured.cost() },
      ...snapshotOutcome(header, developed, 'reader'),
    }));
  }
  const path = await pathOf();
  if (captured.kind === 'developed') {
    const { provenance, ...file } = await redactCaptured(captured.chunks, path, developing);
    const developed = { ...captured.developed(), ...file, redaction: provenance.redaction };
    return [{ ...common, path, ...snapshotOutcome(header, developed, 'v8'), cost: captured.cost() }];
  }
  if (isImage) {
    const stored = await storeCaptured(captured.image, path, developing);
    const image = imageOf(header);
    return [{ ...common, path, kind: 'image', ...stored, snapshot: null, cost: captured.cost(), image }];
  }
  const developed = await developArriving(options.by, target.name, captured.image, path, {
    ...developing,
    advice: STORE_IT,
  });
  const others = options.json === true ? null : othersText(developed.others);
  if (others !== null) job.say(`${target.name}: ${others}`);
  return [{ ...common, path, ...snapshotOutcome(header, developed, developed.by), cost: captured.cost() }];
}
