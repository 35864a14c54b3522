/** Format and destination of a report: options of every verb that prints one. */
import { Option, type Command } from 'commander';

export const FORMATS = ['text', 'json', 'markdown', 'html'] as const;

export type Format = (typeof FORMATS)[number];

export interface FormatOptions {
  output?: string;
  format?: Format;
  json?: true;
  markdown?: true;
  html?: true;
  force?: true;
}

/** Adds the options to `command`, and returns it. Two formats at once are a usage error. */
export function addFormatOptions(command: Command): Command {
  const ways = ['format', 'json', 'markdown', 'html'];
  const alias = (name: Format, description: string): Option =>
    new Option(`--${name}`, `${description}; the same as --format ${name}`).conflicts(
      ways.filter((other) => other !== name),
    );
  return command
    .option('-o, --output <file>', 'output file; - is standard output', '-')
    .addOption(
      new Option('--format <name>', 'how the report is printed (default: text)')
        .choices(FORMATS)
        .conflicts(['json', 'markdown', 'html']),
    )
    .addOption(alias('json', 'print one JSON document'))
    .addOption(alias('markdown', 'write Markdown, to paste into a ticket'))
    .addOption(alias('html', 'write a page for the browser; needs -o'))
    .option('--force', 'overwrite an existing file');
}

export function formatOf({ format, json, markdown, html }: FormatOptions): Format {
  if (format !== undefined) return format;
  return json ? 'json' : markdown ? 'markdown' : html ? 'html' : 'text';
}
