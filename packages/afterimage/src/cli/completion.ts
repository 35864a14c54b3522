/** Shell completion scripts, generated from commander's description of the verbs. */
import type { Argument, Command, Option } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

export type Shell = (typeof SHELLS)[number];

/** What is expected in a position: one of a few words, a file, or something that only the user knows. */
type Expected = { words: readonly string[] } | 'file' | 'unknown';

/** Names of the arguments that are files. */
const FILE_ARGUMENTS = new Set(['file', 'snapshot', 'image', 'in', 'out', 'before', 'after', 'more']);
const OF_EVERY_VERB = ['--help', '--debug'];

/** Returns the script for `shell`, ending in a line break. */
export function completionScript(shell: Shell, verbs: readonly Command[]): string {
  const lines = { bash: bashLines, zsh: zshLines, fish: fishLines }[shell](verbs);
  return `${lines.join('\n')}\n`;
}

function expectedOf(argument: Argument): Expected {
  if (argument.argChoices !== undefined) return { words: argument.argChoices };
  return FILE_ARGUMENTS.has(argument.name()) ? 'file' : 'unknown';
}

/** Returns null for an option without a value. */
function valueOf({ argChoices, flags, required, optional }: Option): Expected | null {
  if (!required && !optional) return null;
  if (argChoices !== undefined) return { words: argChoices };
  return /[<[]file[>\]]/.test(flags) ? 'file' : 'unknown';
}

const namesOf = ({ short, long }: Option): string[] => [short, long].filter((name) => name !== undefined);

function bashLines(verbs: readonly Command[]): string[] {
  const withValue: string[] = [];
  const values: string[] = [];
  const places: string[] = [];
  const options: string[] = [];
  for (const verb of verbs) {
    const name = verb.name();
    const all = [...verb.options.flatMap(namesOf), ...OF_EVERY_VERB].join(' ');
    options.push(`      ${name}) options='${all}' ;;`);
    for (const option of verb.options) {
      const value = valueOf(option);
      if (value === null) continue;
      const pattern = namesOf(option)
        .map((each) => `'${name} ${each}'`)
        .join('|');
      if (option.required) withValue.push(pattern);
      values.push(`    ${pattern}) ${bashOf(value)}; return ;;`);
    }
    verb.registeredArguments.forEach((argument, at) => {
      places.push(`    '${name} '${argument.variadic ? '*' : at}) ${bashOf(expectedOf(argument))} ;;`);
    });
  }
  return [
    '# bash completion for afterimage',
    '_afterimage_words() { COMPREPLY=($(compgen -W "$1" -- "$current")); }',
    `_afterimage_files() { local IFS=$'\\n'; compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$current")); }`,
    '_afterimage() {',
    '  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} verb=${COMP_WORDS[1]}',
    '  local options place=0 at',
    '  COMPREPLY=()',
    '  if [ "$COMP_CWORD" -le 1 ]; then',
    `    _afterimage_words '${[...verbs.map((verb) => verb.name()), ...OF_EVERY_VERB, '--version'].join(' ')}'`,
    '    return',
    '  fi',
    '  case "$verb $before" in',
    ...values,
    '  esac',
    '  if [[ $current == -* ]]; then',
    '    case "$verb" in',
    ...options,
    '    esac',
    '    _afterimage_words "$options"',
    '    return',
    '  fi',
    '  for ((at = 2; at < COMP_CWORD; at++)); do',
    '    case "$verb ${COMP_WORDS[at]}" in',
    `      ${withValue.join('|')}) ((at++)) ;;`,
    '      *" -"?*) ;;',
    '      *) ((place++)) ;;',
    '    esac',
    '  done',
    '  case "$verb $place" in',
    ...places,
    '  esac',
    '}',
    'complete -F _afterimage afterimage',
  ];
}

function bashOf(expected: Expected): string {
  if (expected === 'unknown') return ':';
  return expected === 'file' ? '_afterimage_files' : `_afterimage_words '${expected.words.join(' ')}'`;
}

function zshLines(verbs: readonly Command[]): string[] {
  return [
    '#compdef afterimage',
    '_afterimage() {',
    '  local -a verbs',
    '  verbs=(',
    ...verbs.map((verb) => `    ${zshWord(`${verb.name()}:${verb.description().replaceAll(':', '\\:')}`)}`),
    '  )',
    "  if (( CURRENT == 2 )); then _describe 'verb' verbs; return; fi",
    '  local verb=$words[2]',
    '  shift words; (( CURRENT-- ))',
    '  case $verb in',
    ...verbs.flatMap((verb) => [
      `    ${verb.name()})`,
      '      _arguments \\',
      ...verb.options.flatMap((option) => namesOf(option).map((name) => zshOption(name, option))),
      ...verb.registeredArguments.map((argument, at) => zshArgument(argument, at)),
      `        '--debug[print the stack of an error]' '(- *)--help[print the help]' ;;`,
    ]),
    '  esac',
    '}',
    'if [ "$funcstack[1]" = _afterimage ]; then _afterimage "$@"; else compdef _afterimage afterimage; fi',
  ];
}

function zshOption(name: string, option: Option): string {
  const value = valueOf(option);
  const about = option.description.replaceAll(/[\\[\]]/g, '\\$&');
  const takes = value === null ? '' : `${option.optional ? '::' : ':'}value:${zshOf(value)}`;
  return `        ${zshWord(`*${name}[${about}]${takes}`)} \\`;
}

function zshArgument(argument: Argument, at: number): string {
  const place = argument.variadic ? '*' : `${at + 1}${argument.required ? '' : ':'}`;
  return `        ${zshWord(`${place}:${argument.name()}:${zshOf(expectedOf(argument))}`)} \\`;
}

function zshOf(expected: Expected): string {
  if (expected === 'unknown') return ' ';
  return expected === 'file' ? '_files' : `(${expected.words.join(' ')})`;
}

const zshWord = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`;

function fishLines(verbs: readonly Command[]): string[] {
  const lines = ['# fish completion for afterimage', 'complete -c afterimage -f'];
  for (const verb of verbs) {
    const name = verb.name();
    const seen = `complete -c afterimage -n '__fish_seen_subcommand_from ${name}'`;
    lines.push(
      `complete -c afterimage -n __fish_use_subcommand -a ${name} -d ${fishWord(verb.description())}`,
    );
    for (const option of verb.options) {
      const short = option.short === undefined ? '' : ` -s ${option.short.slice(1)}`;
      const long = option.long === undefined ? '' : ` -l ${option.long.slice(2)}`;
      lines.push(`${seen}${short}${long}${fishOf(valueOf(option))} -d ${fishWord(option.description)}`);
    }
    for (const argument of verb.registeredArguments) {
      const expected = expectedOf(argument);
      if (expected !== 'unknown') lines.push(`${seen}${fishOf(expected).replace(/ -[rx]/, '')}`);
    }
  }
  return [...new Set(lines)];
}

function fishOf(expected: Expected | null): string {
  if (expected === null) return '';
  if (expected === 'unknown') return ' -x';
  return expected === 'file' ? ' -r -F' : ` -x -a '${expected.words.join(' ')}'`;
}

const fishWord = (word: string): string => `'${word.replaceAll(/[\\']/g, '\\$&')}'`;
