/**
 * Finds the flags of Node.js in a list of words: those before the script, each as `--name` or `--name=value`,
 * however it was written (node_options-inl.h and node.cc in Node).
 */

/**
 * Flags whose value may be the next word. A fixed list, because a running Node.js cannot be asked for its
 * help.
 */
const WITH_VALUE = new Set(
  (
    '--allow-fs-read --allow-fs-write --bench-isolation --bench-name-pattern --bench-reporter ' +
    '--bench-reporter-destination --bench-samples --bench-warmup --build-sea --build-snapshot-config --conditions ' +
    '--cpu-prof-dir --cpu-prof-interval --cpu-prof-name --debug-port --diagnostic-dir --disable-proto ' +
    '--disable-warning --dns-result-order --env-file --env-file-if-exists --es-module-specifier-resolution --eval ' +
    '--experimental-config-file --experimental-default-type --experimental-loader --experimental-package-map ' +
    '--experimental-policy --experimental-sea-config --experimental-specifier-resolution ' +
    '--experimental-test-isolation --experimental-test-tag-filter --heap-prof-dir --heap-prof-interval ' +
    '--heap-prof-name --heapsnapshot-near-heap-limit --heapsnapshot-signal --icu-data-dir --import --input-type ' +
    '--inspect-port --inspect-publish-uid --loader --localstorage-file --max-http-header-size ' +
    '--network-family-autoselection-attempt-timeout --openssl-config --policy-integrity --redirect-warnings ' +
    '--report-dir --report-directory --report-filename --report-signal --require --secure-heap --secure-heap-min ' +
    '--snapshot-blob --stack-trace-limit --test-concurrency --test-coverage-branches --test-coverage-exclude ' +
    '--test-coverage-functions --test-coverage-include --test-coverage-lines --test-global-setup --test-isolation ' +
    '--test-name-pattern --test-random-seed --test-reporter --test-reporter-destination --test-rerun-failures ' +
    '--test-shard --test-skip-pattern --test-timeout --title --tls-cipher-list --tls-keylog ' +
    '--trace-event-categories --trace-event-file-pattern --trace-require-module --unhandled-rejections ' +
    '--use-largepages --v8-pool-size --vfs-load --vfs-mount --watch-kill-signal --watch-path -C -e -p -pe -r'
  ).split(' '),
);

/** Tells whether the next word is the flag's value. */
export function isValueFlag(word: string): boolean {
  return !word.includes('=') && WITH_VALUE.has(normalName(word));
}

/** Removes the value, and turns underscores into dashes, which are equivalent in flags. */
export function normalName(flag: string): string {
  return flag.replace(/=.*$/s, '').replaceAll('_', '-');
}

/** Returns the flags up to the script, or what replaces it. */
export function flagsIn(words: readonly string[]): string[] {
  const flags: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    if (!word.startsWith('-') || word === '-' || word === '--') break;
    const value = isValueFlag(word) ? words.at(at + 1) : undefined;
    if (value !== undefined) at++;
    flags.push(value === undefined ? word : `${word}=${value}`);
  }
  return flags;
}

/** Splits NODE_OPTIONS at spaces outside quotes (ParseNodeOptionsEnvVar in node.cc). */
export function optionWords(text: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    let character = text[at];
    if (character === '"') {
      isQuoted = !isQuoted;
      word ??= '';
    } else if (character === ' ' && !isQuoted) {
      if (word !== null) words.push(word);
      word = null;
    } else {
      if (character === '\\' && isQuoted && at + 1 < text.length) character = text[++at];
      word = (word ?? '') + character;
    }
  }
  return word === null ? words : [...words, word];
}
