// Texts, dates and numbers in ever more languages: i18next, moment and Intl make each format once and keep it.
const i18next = require('i18next');
const moment = require('moment');
const { catalogue, translations, BoundedCache } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const shop = catalogue(7_000);
const languages = ['en', 'de', 'fi', 'fr', 'it', 'nl', 'pl', 'pt', 'sv', 'tr'];
const resources = Object.fromEntries(
  Object.entries(translations(languages, 700)).map(([language, translation]) => [language, { translation }]),
);
const formats = new Map();
const receipts = new BoundedCache(200);

function formatIn(language) {
  if (!formats.has(language)) {
    const currency = new Intl.NumberFormat(language, { style: 'currency', currency: 'EUR' });
    formats.set(language, { currency, date: new Intl.DateTimeFormat(language, { dateStyle: 'full' }) });
  }
  return formats.get(language);
}

i18next.init({ lng: 'en', resources, keySeparator: false }).then(() =>
  drive({
    kind: 'formats made once for each language',
    perPhase: 500,
    step: (number) => {
      const language = languages[Math.floor(Math.log2(number + 1)) % languages.length];
      const { currency, date } = formatIn(language);
      receipts.set(number, {
        title: i18next.t(`page.amber.${14 * (number % 40)}`, { lng: language }),
        price: currency.format(shop.at(number).listPrice),
        at: date.format(1.6e12 + number * 1e7),
        due: moment(1.6e12).add(number, 'days').fromNow(),
      });
    },
  }),
);
