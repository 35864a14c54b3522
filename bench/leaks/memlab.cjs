/**
 * memlab's answer: `node memlab.cjs WORKDIR BASELINE TARGET FINAL` prints a JSON array of its leak traces, the first three,
 * each as text. What `findLeaksBySnapshotFilePaths` of @memlab/api does, which would bring a browser along.
 */
'use strict';
const { analysis, config, fileManager } = require('@memlab/core');

const TRACES = 3;
/** By default memlab looks for DOM elements only; this has it look at what Node programs are made of. */
const TYPES = ['object', 'closure', 'array', 'string', 'concatenated string', 'sliced string', 'native'];

/**
 * A trace is an object whose keys describe its steps; the values list everything else that each node refers
 * to.
 */
function isStep(key) {
  return /^\d+:/.test(key);
}

async function findLeaks(workDir, ...files) {
  config.muteConsole = true;
  config.useExternalSnapshot = true;
  config.externalSnapshotFilePaths = files;
  config.externalLeakFilter = { leakFilter: ({ type }) => TYPES.includes(type) };
  fileManager.initDirs(config, { workDir });
  return analysis.checkLeak();
}

findLeaks(...process.argv.slice(2)).then((leaks) => {
  const traces = leaks.slice(0, TRACES).map((leak) => Object.keys(leak).filter(isStep).join(' '));
  process.stdout.write(`\n${JSON.stringify(traces)}\n`, () => process.exit());
});
