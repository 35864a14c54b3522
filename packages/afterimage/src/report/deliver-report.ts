/** Writes a report in the requested format to the requested place. */
import type { Block } from './blocks/block.js';
import { reportAsHtml, type HtmlReport } from './looks/html.js';
import { reportAsJson } from './looks/json.js';
import { reportAsMarkdown } from './looks/markdown.js';
import { reportToTerminal, type TerminalLook } from './looks/terminal.js';
import { formatOf, type FormatOptions } from './format-options.js';
import { deliver, terminalLook } from './report-options.js';

/** Only what the format needs is computed. */
export interface Report {
  /** The JSON document. */
  data: () => object;
  blocks: (look: TerminalLook) => Block[];
  /** Missing if the page consists only of the blocks. */
  page?: () => HtmlReport;
}

/**
 * Writes the report, completely or not at all.
 * @throws like {@link deliver}
 */
export async function deliverReport(options: FormatOptions, { data, blocks, page }: Report): Promise<void> {
  const format = formatOf(options);
  if (format === 'json') {
    const document = data();
    return deliver(options, (output) => reportAsJson(document, output));
  }
  const look = terminalLook(options);
  if (format === 'html') {
    const whole = page === undefined ? pageOf(blocks(look)) : page();
    return deliver(options, (output) => reportAsHtml(whole, output));
  }
  const content = blocks(look);
  await deliver(options, (output) => {
    if (format === 'markdown') reportAsMarkdown(content, output);
    else reportToTerminal(content, look, output);
  });
}

/** The page of a report without a picture of the heap. */
function pageOf(content: readonly Block[]): HtmlReport {
  const heading = content.find((block) => block.kind === 'heading')?.text;
  const title = heading === undefined ? 'Afterimage' : `Afterimage: ${heading}`;
  return { title, opening: content, heap: null, rest: [] };
}
