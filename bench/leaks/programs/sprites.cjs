// Sprites are held by WeakRef so that they can be collected, and they are; but the Map keeps the key and an
// empty WeakRef for each of them forever.
const { assets, timetable, catalogue, RingBuffer } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const sheets = assets(40, 100_000);
const animations = timetable(25, 400);
const shop = catalogue(9_000);
const onScreen = new RingBuffer(60);
const spriteRefs = new Map();

function sprite(name) {
  const known = spriteRefs.get(name)?.deref();
  if (known) return known;
  const made = {
    name,
    sheet: [...sheets.keys()][name.length % 40],
    frames: [animations.L1, animations.L2],
    x: 0.5,
  };
  spriteRefs.set(name, new WeakRef(made));
  return made;
}

module.exports = { sprite };

drive({
  kind: 'Map of WeakRefs that are empty',
  culprit: 'spriteRefs',
  perPhase: 9_000,
  step: async (number) => {
    onScreen.push(sprite(`${shop.at(number).sku}/pose-${number}`));
    if (number % 500 === 0) await new Promise(setImmediate);
  },
});
