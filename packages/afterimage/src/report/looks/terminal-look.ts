/** The width and the colors of a report: the terminal's, unless the environment overrides them. */
import type { TerminalLook } from './terminal.js';

/** Narrower terminals wrap lines themselves: otherwise figures would leave no space for names. */
const MIN_WIDTH = 40;
/** Width for a pipe or a file. Enough for realistic names; a name of a megabyte is still cut. */
const UNCUT_WIDTH = 1000;

/**
 * Returns width and colors. COLUMNS overrides the width; else it is the terminal's. A pipe or a file has
 * none, and is not cut. FORCE_COLOR (not 0) and NO_COLOR override the stream's colors, in that order, as in
 * Node.js itself.
 * @param stream null for a file, which gets no colors
 */
export function lookOf(
  stream: Pick<NodeJS.WriteStream, 'isTTY' | 'columns'> | null,
  env: NodeJS.ProcessEnv,
): TerminalLook {
  const terminal = stream?.isTTY ? stream : null;
  const columns = columnsOf(env.COLUMNS) ?? (terminal?.columns || UNCUT_WIDTH);
  return {
    width: Math.max(columns, MIN_WIDTH),
    colors: stream !== null && hasColors(terminal !== null, env),
  };
}

function columnsOf(value = ''): number | null {
  return /^[1-9]\d{0,5}$/.test(value) ? Number(value) : null;
}

function hasColors(isTerminal: boolean, { FORCE_COLOR, NO_COLOR, TERM }: NodeJS.ProcessEnv): boolean {
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return isTerminal && !NO_COLOR && TERM !== 'dumb';
}
