/** A report in the look that was asked for, where it was asked to go. */
import type { Block } from './blocks/block.js';
import { reportAsHtml, type HtmlReport } from './looks/html.js';
import { reportAsJson } from './looks/json.js';
import { reportAsMarkdown } from './looks/markdown.js';
import { reportToTerminal, type TerminalLook } from './looks/terminal.js';
import { deliver, terminalLook, type ReportOptions } from './report-options.js';

/** Only what the look needs is made. */
export interface Report {
  /** The JSON document. */
  data: () => object;
  blocks: (look: TerminalLook) => Block[];
  /** Missing where there is no page. */
  page?: () => HtmlReport;
}

/**
 * Writes the report, whole or not at all.
 * @throws as {@link deliver} does
 */
export async function deliverReport(options: ReportOptions, { data, blocks, page }: Report): Promise<void> {
  if (options.json) {
    const document = data();
    return deliver(options, (output) => reportAsJson(document, output));
  }
  if (options.html && page !== undefined) {
    const whole = page();
    return deliver(options, (output) => reportAsHtml(whole, output));
  }
  const look = terminalLook(options);
  const content = blocks(look);
  await deliver(options, (output) => {
    if (options.markdown) reportAsMarkdown(content, output);
    else reportToTerminal(content, look, output);
  });
}
