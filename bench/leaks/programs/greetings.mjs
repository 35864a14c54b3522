// Each request creates a view that listens for i18next's `languageChanged` to re-render; `off` is missing,
// and i18next keeps its observers forever.
import i18next from 'i18next';
import { translations, RingBuffer } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const tables = translations(['en', 'de', 'nl'], 16_000);
const mails = new RingBuffer(500);
await i18next.init({
  lng: 'en',
  showSupportNotice: false,
  keySeparator: false,
  resources: Object.fromEntries(
    Object.entries(tables).map(([language, texts]) => [language, { translation: texts }]),
  ),
});

class GreetingView {
  constructor(name) {
    this.name = name;
    this.parts = Array.from({ length: 10 }, (_, n) => ({
      key: `page.amber.${n * 14}`,
      text: '',
      width: n + 0.5,
    }));
    i18next.on('languageChanged', (language) => this.render(language));
  }

  render(lng) {
    for (const part of this.parts) part.text = i18next.t(part.key, { lng });
    return `${this.name}: ${this.parts[0].text}`;
  }
}

await drive({
  kind: 'listeners on i18next never removed',
  culprit: 'observers',
  perPhase: 1_000,
  step: (number) => mails.push(new GreetingView(`visitor ${number}`).render('de')),
});
