/**
 * Progress of long work: one line that is redrawn on a terminal; otherwise a plain line every ten seconds.
 * Nothing for short work, and nothing outside a terminal with AFTERIMAGE_PROGRESS=0.
 */

export interface ProgressLine {
  /** `share` from 0 to 1 draws a bar; null if the total is unknown. */
  show(text: string, share: number | null): void;
  /** Drawn at once, because the work that follows blocks. */
  stage(text: string): void;
  /** Clears the line for the next output. */
  clear(): void;
}

/** Shorter work shows no progress, in milliseconds. */
const SILENT_MS = 1000;
const REDRAW_MS = 100;
/** Interval of plain lines, which stay in a log. */
const PLAIN_MS = 10_000;
const BAR_CELLS = 24;
const TO_START_AND_ERASE = '\r\u001b[K';

export function progressLine(
  stream: Pick<NodeJS.WriteStream, 'isTTY' | 'write' | 'columns'> = process.stderr,
  now: () => number = () => performance.now(),
): ProgressLine {
  const draws = stream.isTTY && process.env.TERM !== 'dumb';
  if (!draws) return plainLines(stream, now);
  const firstDraw = now() + SILENT_MS;
  let nextDraw = firstDraw;
  let drawn = false;

  function draw(line: string): void {
    nextDraw = now() + REDRAW_MS;
    drawn = true;
    stream.write(TO_START_AND_ERASE + line.slice(0, Math.max(stream.columns - 1, 20)));
  }

  return {
    show(text, share) {
      if (now() >= nextDraw) draw(share === null ? text : `${bar(share)} ${text}`);
    },
    stage(text) {
      if (now() >= firstDraw) draw(text);
    },
    clear() {
      if (drawn) stream.write(TO_START_AND_ERASE);
      drawn = false;
    },
  };
}

const nothing = (): void => undefined;

function plainLines(stream: Pick<NodeJS.WriteStream, 'write'>, now: () => number): ProgressLine {
  if (process.env.AFTERIMAGE_PROGRESS === '0') return { show: nothing, stage: nothing, clear: nothing };
  let next = now() + PLAIN_MS;
  function print(text: string): void {
    if (now() < next) return;
    next = now() + PLAIN_MS;
    stream.write(`afterimage: ${text}\n`);
  }
  return { show: print, stage: print, clear: nothing };
}

function bar(share: number): string {
  const full = Math.round(Math.min(Math.max(share, 0), 1) * BAR_CELLS);
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_CELLS - full)}]`;
}
