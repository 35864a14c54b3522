/** Decides how much of a report is shown: by default what fits one screen, or everything on request. */
import type { Block } from '../blocks/block.js';
import type { Shown } from '../blocks/shown.js';
import { CommandError } from '../../cli/command-error.js';
import { reportToTerminal, type TerminalLook } from './terminal.js';

export interface ShownOptions {
  top?: number;
  verbose?: true;
  suspect?: number;
}

/** Lines of a typical screen. */
const MAX_SCREEN_LINES = 40;
/** From the most that is shown to the least. */
const FITTING: readonly Pick<Shown, 'suspects' | 'classes'>[] = [
  { suspects: 6, classes: 10 },
  { suspects: 6, classes: 6 },
  { suspects: 5, classes: 4 },
  { suspects: 4, classes: 3 },
  { suspects: 3, classes: 3 },
  { suspects: 3, classes: 2 },
  { suspects: 2, classes: 2 },
];
const VERBOSE = { suspects: Infinity, classes: 20 };

/**
 * Returns the requested blocks; by default, as many suspects and classes as fit one screen.
 * @param suspects number of suspects
 * @throws {CommandError} if there is no such suspect
 */
export function shownBlocks(
  blocksOf: (shown: Shown) => Block[],
  suspects: number,
  { top, verbose, suspect }: ShownOptions,
  look: TerminalLook,
): Block[] {
  if (suspect !== undefined && suspect > suspects) {
    const there = suspects === 0 ? 'there are no suspects' : `the last suspect is ${suspects}`;
    throw new CommandError('failed', `no suspect ${suspect}; ${there}`);
  }
  const isWhole = verbose === true;
  const details = suspect !== undefined ? [suspect] : isWhole ? null : [1];
  const wanted = { details, isWhole: isWhole || suspect !== undefined };
  if (top !== undefined) return blocksOf({ suspects: top, classes: top, ...wanted });
  if (wanted.isWhole) return blocksOf({ ...VERBOSE, ...wanted });
  for (const fitting of FITTING) {
    const blocks = blocksOf({ ...fitting, ...wanted });
    if (linesOf(blocks, look) <= MAX_SCREEN_LINES) return blocks;
  }
  return blocksOf({ ...FITTING[FITTING.length - 1], ...wanted });
}

function linesOf(blocks: readonly Block[], look: TerminalLook): number {
  let lines = 0;
  const write = (text: string): number => (lines += text.split('\n').length - 1);
  reportToTerminal(blocks, { ...look, colors: false }, { write });
  return lines;
}
