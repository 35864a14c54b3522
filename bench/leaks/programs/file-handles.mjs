// The FinalizationRegistry is to close what was forgotten, but the value it holds for each handle is a function that
// refers to the handle: no handle can ever be collected, so nothing is ever closed.
import { userTable, library, BoundedCache } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const owners = userTable(9_000);
const texts = library(700, 9_000);
const sizes = new BoundedCache(500);
const forgotten = new FinalizationRegistry((close) => close());

class Handle {
  constructor(number) {
    this.owner = owners.get(number % 9_000).email;
    this.pages = Array.from({ length: 12 }, (_, n) => ({ n, offset: n * 4_096, crc: number / (n + 1) }));
    this.open = true;
    forgotten.register(this, () => this.close());
  }

  close() {
    this.open = false;
  }
}

await drive({
  kind: 'FinalizationRegistry whose held value keeps its target',
  culprit: 'forgotten',
  perPhase: 900,
  step: (number) => {
    const handle = new Handle(number);
    sizes.set(number, { pages: handle.pages.length, title: texts[number % 700].title });
  },
});
