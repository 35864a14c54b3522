// Only the title and description of each page are kept for the link preview, but the parser's texts are slices of
// the page's source: each kept title keeps its whole page.
import * as cheerio from 'cheerio/slim';
import { prose, userTable, RingBuffer } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const users = userTable(20_000);
const visits = new RingBuffer(1_000);
const previewByUrl = new Map();

function preview(url, html) {
  const $ = cheerio.load(html, { xmlMode: true });
  previewByUrl.set(url, { title: $('title')[0].children[0].data, language: $('html').attr('lang') });
}

await drive({
  kind: 'large strings kept by slices of them (cheerio)',
  culprit: 'previewByUrl',
  perPhase: 60,
  step: (number) => {
    const { email } = users.get(number % 20_000);
    const title = `The page number ${number} of ${email}`;
    const html = `<html lang="en"><head><title>${title}</title></head><body><p>${prose(number, 20_000)}</p></body></html>`;
    preview(`https://example.org/${number}`, html);
    visits.push({ number, length: html.length });
  },
});
