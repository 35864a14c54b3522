/**
 * The program's file of a target, of which an image may leave out what the process has not changed: V8's own generator
 * needs that file again, and its identity tells whether a file is the same.
 */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readdirSync, readlinkSync, readSync, statSync } from 'node:fs';
import { formatBytes } from '@afterimage/host/format';
import { DevelopError } from './develop-errors.js';
import { bytesAt, elfHeader, elfSegments } from './elf-file.js';
import type { ImageHeader, ProgramFile } from './read.js';

const MAX_NOTE_BYTES = 1 << 16;
const PT_NOTE = 4;
const NT_GNU_BUILD_ID = 3;
const GNU = Buffer.from('GNU\0');
const SAMPLES = 64;
const SAMPLE_BYTES = 4096;

/** Returns its descriptor; undefined where the kernel does not allow it: then the image must be whole. */
export function openProgram(pid: number): number | undefined {
  try {
    return openSync(`/proc/${pid}/exe`, 'r');
  } catch {
    return undefined;
  }
}

/**
 * Describes the program's file of a process.
 * @param file its descriptor, as {@link openProgram} returns it
 */
export function programFile(pid: number, file: number): ProgramFile {
  return { path: readlinkSync(`/proc/${pid}/exe`), bytes: fstatSync(file).size, identity: identityOf(file) };
}

function identityOf(file: number): string {
  const id = buildId(file);
  if (id !== null) return `build-id:${id}`;
  const hash = createHash('sha256');
  const { size } = fstatSync(file);
  const sample = Buffer.alloc(SAMPLE_BYTES);
  for (let index = 0; index < SAMPLES; index++) {
    const at = Math.floor((index * Math.max(0, size - SAMPLE_BYTES)) / (SAMPLES - 1));
    hash.update(sample.subarray(0, readSync(file, sample, 0, SAMPLE_BYTES, at)));
  }
  return `sample:${hash.digest('hex')}`;
}

function buildId(file: number): string | null {
  const header = elfHeader(file);
  for (const { type, offset, bytes } of header === null ? [] : elfSegments(file, header)) {
    const notes = type === PT_NOTE ? bytesAt(file, offset, Math.min(bytes, MAX_NOTE_BYTES)) : null;
    const id = notes === null ? null : buildIdIn(notes);
    if (id !== null) return id;
  }
  return null;
}

function buildIdIn(notes: Buffer): string | null {
  const padded = (bytes: number): number => Math.ceil(bytes / 4) * 4;
  for (let at = 0; at + 12 + GNU.length <= notes.length;) {
    const [nameBytes, bytes] = [notes.readUInt32LE(at), notes.readUInt32LE(at + 4)];
    const content = at + 12 + padded(nameBytes);
    const isGnu = nameBytes === GNU.length && GNU.equals(notes.subarray(at + 12, at + 12 + GNU.length));
    if (isGnu && notes.readUInt32LE(at + 8) === NT_GNU_BUILD_ID && content + bytes <= notes.length)
      return notes.toString('hex', content, content + bytes);
    at = content + padded(bytes);
  }
  return null;
}

/**
 * Opens the file that an image leaves out: `given`, or the one at the place where the target had it, or the program of a
 * process of this machine, such as one in a container.
 * @returns its descriptor; undefined for an image that leaves out nothing
 * @throws {DevelopError} `program-needed` if there is none here, or another one
 */
export function openOmittedProgram(header: ImageHeader, given?: string): number | undefined {
  if (!header.omitsProgram) return undefined;
  const wanted = checkedProgram(header);
  let why = wanted === null ? 'the image does not say which file that is' : '';
  for (const path of wanted === null ? [] : given === undefined ? candidates(wanted) : [given]) {
    const found = openIfSame(path, wanted as ProgramFile);
    if (typeof found === 'number') return found;
    if (why === '') why = found;
  }
  const { nodeVersion } = header.metadata;
  const version = /^[\w.-]{1,32}$/.test(nodeVersion) ? ` of Node.js ${nodeVersion}` : '';
  throw new DevelopError(
    'program-needed',
    `the image leaves out the program${version}, and V8's own generator runs it: ${why}; name that file (--program FILE), ` +
      'let the reader read the image (--by reader), or capture with --whole',
  );
}

/** The path that the target had first, because it is the one to tell of. */
function candidates({ path }: ProgramFile): string[] {
  let running: string[] = [];
  try {
    running = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    // Not on Linux, or not allowed.
  }
  return [path, process.execPath, ...running.map((pid) => `/proc/${pid}/exe`)];
}

function openIfSame(path: string, { bytes, identity }: ProgramFile): number | string {
  const shown = path.replaceAll(/[^\x20-\x7e]/g, '?');
  const other = `${shown} is another file here, not that of ${formatBytes(bytes)} with ${identity}`;
  let file: number;
  try {
    const found = statSync(path);
    if (!found.isFile() || found.size !== bytes) return other;
    file = openSync(path, 'r');
  } catch (error) {
    return `${shown} (${formatBytes(bytes)}, ${identity}) cannot be opened here (${(error as NodeJS.ErrnoException).code ?? String(error)})`;
  }
  try {
    if (fstatSync(file).size === bytes && identityOf(file) === identity) return file;
  } catch {
    // Whatever it is, it is not that program.
  }
  closeSync(file);
  return other;
}

/** What the image says, which may have been altered; null if it makes no sense. */
function checkedProgram({ metadata }: ImageHeader): ProgramFile | null {
  const { path, bytes, identity } = (metadata.program ?? {}) as Partial<Record<keyof ProgramFile, unknown>>;
  if (typeof path !== 'string' || !path.startsWith('/') || path.includes('\0')) return null;
  if (!Number.isSafeInteger(bytes) || typeof identity !== 'string' || !/^[a-z-]+:[0-9a-f]+$/.test(identity))
    return null;
  return { path, bytes: bytes as number, identity };
}
