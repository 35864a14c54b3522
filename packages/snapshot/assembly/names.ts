/** The names that are always shown: those of Node.js and of V8. */
import { hashText } from './keyed-hash';
import { NAMES, NAME_TABLE, NAME_TABLE_SLOTS } from './layout';

const NEWLINE: u8 = 0x0a;

/**
 * Reads the lines from {@link NAMES} to `end`, which is after a newline. Call it once, after setting the key.
 */
export function learnNames(end: usize): void {
  let from = NAMES;
  for (let at = from; at < end; at++) {
    if (load<u8>(at) !== NEWLINE) continue;
    let entry = firstEntryOf(from, at);
    while (load<u32>(entry) !== 0) entry = entryBehind(entry);
    store<u32>(entry, from as u32);
    from = at + 1;
  }
}

/** Tells whether the text from `from` to `to` is one of them. */
export function isKnownName(from: usize, to: usize): bool {
  let entry = firstEntryOf(from, to);
  for (let name = load<u32>(entry) as usize; name !== 0; name = load<u32>(entry) as usize) {
    if (load<u8>(name + to - from) === NEWLINE && memory.compare(name, from, to - from) === 0) return true;
    entry = entryBehind(entry);
  }
  return false;
}

function firstEntryOf(from: usize, to: usize): usize {
  return NAME_TABLE + ((hashText(from, to) & (NAME_TABLE_SLOTS - 1)) as usize) * 4;
}

function entryBehind(entry: usize): usize {
  const next = entry + 4;
  return next < NAME_TABLE + (NAME_TABLE_SLOTS as usize) * 4 ? next : NAME_TABLE;
}
