/** Tells whether two paths are the same file: a result must not overwrite its input. */
import { stat } from 'node:fs/promises';

export async function sameFile(input: string, output: string): Promise<boolean> {
  if (input === '-' || output === '-') return false;
  const [one, other] = await Promise.all([identity(input), identity(output)]);
  return one !== null && one === other;
}

async function identity(path: string): Promise<string | null> {
  return stat(path).then(
    ({ dev, ino }) => `${dev} ${ino}`,
    () => null,
  );
}
