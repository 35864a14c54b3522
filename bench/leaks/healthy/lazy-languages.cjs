// Modules and languages that are loaded when they are first asked for: a few in each phase, fewer as time goes by,
// and no more than there are.
const moment = require('moment');
const { translations, catalogue, BoundedCache } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const shop = catalogue(16_000);
const mails = new BoundedCache(400);
const languages = ['en', 'de', 'fr', 'nl', 'pl', 'cs', 'da', 'sv'];
const texts = new Map();

const tools = {
  pdf: () => require('node:zlib'),
  forms: () => require('zod'),
  letters: () => require('handlebars'),
  queries: () => require('graphql'),
};

function textsIn(language) {
  if (!texts.has(language)) {
    if (language !== 'en') require(`moment/locale/${language}`);
    texts.set(language, translations([language], 2_000)[language]);
  }
  return texts.get(language);
}

function mail(number) {
  const language = languages[Math.floor(Math.log2(number + 1)) % languages.length];
  const tool = Object.values(tools)[Math.floor(number / 700) % 4]();
  const date = moment(1.6e12).locale(language).format('LL');
  mails.set(number, {
    date,
    text: textsIn(language)['page.amber.0'],
    deal: shop.at(number).sku,
    parts: Object.keys(tool).length,
  });
}

module.exports = { mail };

drive({ kind: 'modules and languages loaded lazily', perPhase: 1_000, warmUp: 200, step: mail });
