/** Parts of the agent that both packages need and that its public interface does not show. */
const agentDirectory = import.meta.resolve('@afterimage/agent/develop');
const part = (file: string): Promise<unknown> => import(new URL(file, agentDirectory).href);

export const { checkDisk, checkOutput, openTemporary, OutputError, outputError, publish } = (await part(
  'output-file.js',
)) as typeof import('../../agent/src/output-file.js');
export const { describeHeadroom, readHeadroom, reserveBytes } = (await part(
  'headroom.js',
)) as typeof import('../../agent/src/headroom.js');
export const { temporaryName } = (await part(
  'temporary.js',
)) as typeof import('../../agent/src/temporary.js');
export const { formatBytes, formatMs, roundMs } = (await part(
  'figures.js',
)) as typeof import('../../agent/src/figures.js');
