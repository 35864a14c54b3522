// Calculations whose functions become hot one after the other, so that V8 compiles and optimizes them between the
// captures; all that they make is thrown away.
import { terrain, timetable } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const tiles = terrain(60, 128);
const trains = timetable(40, 500);

const shapes = [
  (x, y) => ({ x, y, area: x * y }),
  (x, y) => ({ y, x, border: 2 * (x + y) }),
  (x, y) => ({ x, y, diagonal: Math.hypot(x, y), label: `${x}×${y}` }),
  (x, y) => [x, y, x - y].sort((a, b) => a - b),
  (x, y) => new Map([[x, { y }]]),
  (x, y) => `${x}`.padStart(6).concat(y).split('').reverse().join(''),
];

function height(number) {
  const { heights } = tiles[number % tiles.length];
  let sum = 0;
  for (let cell = 0; cell < 500; cell++) sum += heights[(cell * number) % heights.length] ?? 0;
  return sum;
}

await drive({
  kind: 'code that becomes hot',
  perPhase: 12_000,
  warmUp: 100,
  step: (number) => {
    const made = shapes[Math.floor(number / 4_000) % shapes.length];
    let stop = trains[`L${number % 40}`];
    for (let n = 0; n < 20 && stop; n++) stop = stop.next;
    return [made(height(number), stop.minute), made(number, 2)];
  },
});
