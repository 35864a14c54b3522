// Pages parsed by cheerio and thrown away; what is kept of them is bounded.
import * as cheerio from 'cheerio';
import { library, BoundedCache } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const articles = library(1_500, 8_000);
const links = new BoundedCache(250);

await drive({
  kind: 'documents parsed and thrown away',
  perPhase: 200,
  step: (number) => {
    const { title, body } = articles[number % articles.length];
    const rows = body
      .split(' ')
      .map((word, at) => `<li class="r${at % 3}"><a href="/${word}">${word}</a></li>`);
    const page = cheerio.load(`<title>${title}</title><ul>${rows.slice(0, 60).join('')}</ul>`);
    const found = page('li.r1 a')
      .map((_, element) => page(element).attr('href'))
      .get();
    links.set(number, found.slice(0, 10));
  },
});
