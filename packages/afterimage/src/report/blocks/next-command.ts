/** The last line of a report: what to type next, with the file names as given. */
import type { Suspect } from '@afterimage/snapshot';
import type { CommandLine } from './block.js';

/** Standard input cannot be read a second time. */
function fileWord(file: string): string {
  return file === '-' ? 'FILE' : file;
}

export function afterDiff(
  files: readonly string[],
  suspects: readonly Suspect[],
  isWhole: boolean,
): CommandLine {
  const first = suspects.at(0);
  const words = files.map(fileWord);
  if (first === undefined || files.length === 2) {
    const text =
      first === undefined
        ? 'Take another snapshot later, then:'
        : 'A third snapshot tells steady growth from a warm-up:';
    return { kind: 'command', text, words: ['afterimage', 'diff', ...words, 'LATER'] };
  }
  if (!isWhole) {
    const text = 'Paths, examples and dominators:';
    return { kind: 'command', text, words: ['afterimage', 'diff', ...words, '--verbose'] };
  }
  return pathCommand(words[words.length - 1], first);
}

/** @param pid the process of the snapshot; null if it does not run here, or is unknown */
export function afterAnalyze(
  file: string,
  pid: number | null,
  suspects: readonly Suspect[],
  isWhole: boolean,
): CommandLine {
  const first = suspects.at(0);
  const word = fileWord(file);
  if (first !== undefined && isWhole) return pathCommand(word, first);
  const text = `To see what grows, run afterimage capture ${pid ?? 'PID'} later, then:`;
  return { kind: 'command', text, words: ['afterimage', 'diff', word, 'LATER'] };
}

function pathCommand(file: string, { examples, holder }: Suspect): CommandLine {
  const id = String(examples[0] ?? holder.id);
  return {
    kind: 'command',
    text: 'What holds one of them:',
    words: ['afterimage', 'path', file, id],
  };
}
