/** A directory of a test's own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A fresh directory, removed when the test `t` ends. */
export async function temporaryDirectory(t: { after(hook: () => Promise<void>): void }): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'afterimage-test-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}
