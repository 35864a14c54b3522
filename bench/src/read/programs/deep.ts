/** In the middle of JavaScript: recursion, generators, and optimized code that never ends. */
const DEPTH = 200;
const ROUNDS = 3_000;

class Frame {
  readonly made = new Date();
  constructor(
    readonly depth: number,
    readonly parent: Frame | null,
  ) {}
}

const seen = new Map<string, Frame>();

function* levels(frame: Frame): Generator<Frame> {
  const note = `level ${frame.depth}`;
  seen.set(note, frame);
  yield frame;
  if (frame.depth < DEPTH) yield* levels(new Frame(frame.depth + 1, frame));
  else spin(frame, note);
}

function sum(points: readonly { x: number; y: number }[]): number {
  let total = 0;
  for (const { x, y } of points) total += Math.hypot(x, y);
  return total;
}

/** Never returns: it is captured while it runs. */
function spin(frame: Frame, note: string): void {
  const points = Array.from({ length: 1_000 }, (_, index) => ({ x: index, y: index / 2 }));
  const words = [note];
  for (let round = 0; ; round++) {
    const total = points.map(({ x }) => x).reduce((all, x) => all + x + sum(points.slice(0, 10)), 0);
    if (round % 100 === 0) words.push(`${note}: ${total + round}`);
    if (words.length > 1_000) words.length = 1;
    if (round === ROUNDS) console.log('ready', frame.depth);
  }
}

for (const frame of levels(new Frame(0, null))) if (frame.depth > DEPTH) break;
