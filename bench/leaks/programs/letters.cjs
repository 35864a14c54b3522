// Compiled Handlebars templates are cached by their source, but the source already contains the recipient's
// name, so each letter compiles and keeps its own template.
const Handlebars = require('handlebars');
const { userTable, configTree } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const recipients = userTable(12_000);
const branding = configTree(3, 20);

class LetterPress {
  compiled = {};

  print(source, data) {
    const template = (this.compiled[source] ??= Handlebars.compile(source));
    return template(data);
  }
}

const press = new LetterPress();

function write(number) {
  const { email, address } = recipients.get(number % 12_000);
  const source = `Dear ${email} (${number}), {{#if due}}please pay {{amount}} to {{owner}}{{else}}thank you{{/if}}!`;
  return press.print(source, {
    due: number % 2,
    amount: number,
    owner: branding.amber_0.basalt_1.cedar_2.owner,
    address,
  });
}

module.exports = { press, write };

drive({
  kind: 'template cache keyed by text with data in it',
  culprit: 'compiled',
  perPhase: 120,
  step: write,
});
