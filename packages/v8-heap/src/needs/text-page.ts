/** Tells text from other contents of a program, by a sample. */

const SAMPLES = 64;
const MIN_SHARE = 0.85;

/** Whether a page has text in it: in ASCII, or in UTF-16 that is mostly ASCII. */
export function isText(page: Uint8Array): boolean {
  return share(page, 0) >= MIN_SHARE || (share(page, 1) >= MIN_SHARE && zeros(page) >= MIN_SHARE);
}

/** Of the samples in ASCII: of every byte, or with 1 of every second. */
function share(page: Uint8Array, shift: number): number {
  const step = Math.max(1, Math.floor(page.length / SAMPLES));
  let [count, text] = [0, 0];
  // An odd step more, so that the samples do not all lie at the same place of words.
  for (let at = 0; at < page.length; at += step + 1) {
    const byte = page[at - (at & shift)];
    count++;
    if ((byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x09) text++;
  }
  return text / count;
}

function zeros(page: Uint8Array): number {
  const step = 2 * Math.max(1, Math.floor(page.length / SAMPLES / 2));
  let [count, zero] = [0, 0];
  for (let at = 1; at < page.length; at += step) {
    count++;
    if (page[at] === 0) zero++;
  }
  return zero / count;
}
