/** The width and the colors of a report: the terminal's, unless the environment says otherwise. */
import type { TerminalLook } from './terminal.js';

/** Narrower terminals wrap the lines themselves: figures would leave names no cell. */
const MIN_WIDTH = 40;
/** Cells in a line of a pipe or a file. Nothing a program gives a name is cut there, and a name of a megabyte still is. */
const UNCUT_WIDTH = 1000;

/**
 * COLUMNS sets the width anywhere; else it is the terminal's. A pipe or a file has none, and is not cut.
 * FORCE_COLOR (not 0) and NO_COLOR win over what the stream can show, in that order, as in Node.js itself.
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
