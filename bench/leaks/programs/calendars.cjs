// A moment locale is defined for each organization, to have its own week and date formats; locales are global, and
// organizations on trial come and go.
const moment = require('moment');
const { timetable, catalogue, BoundedCache } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const departures = timetable(45, 500);
const shop = catalogue(8_000);
const agendas = new BoundedCache(300);

function agendaOf(organization, number) {
  const name = `x-org-${organization}`;
  moment.defineLocale(name, {
    parentLocale: 'en',
    longDateFormat: {
      LT: 'HH:mm',
      LTS: 'HH:mm:ss',
      L: `DD.MM.YYYY [${organization}]`,
      LL: 'D MMMM',
      LLL: 'D MMM HH:mm',
    },
    week: { dow: organization % 7, doy: 4 },
  });
  const day = moment(1.6e12 + number * 1e6).locale(name);
  agendas.set(number, {
    day: day.format('L'),
    stop: departures[`L${number % 45}`].stop,
    deal: shop.at(number).name,
  });
}

module.exports = { agendaOf };

drive({
  kind: 'locales defined globally (moment)',
  culprit: 'locales',
  perPhase: 800,
  step: (number) => agendaOf(number, number),
});
