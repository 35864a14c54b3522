// An accounting service whose code is in its authors' languages: every receipt is entered in a ledger that is never
// closed. Classes, variables and properties have names that are not ASCII.
import { catalogue, RingBuffer } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const shop = catalogue(15_000);
const recent = new RingBuffer(500);

class Квитанция {
  constructor(номер) {
    this.номер = номер;
    this.сумма = { всего: номер * 1.2, налог: номер * 0.2 };
  }
}

class 订单 {
  constructor(编号) {
    this.编号 = 编号;
    this.商品 = [shop.at(编号).sku, shop.at(编号 + 1).sku];
  }
}

class Crédit {
  constructor(numéro) {
    this.numéro = numéro;
    this.échéance = [numéro, numéro + 30];
  }
}

const журнал = new Map();
const crédits = Array.from({ length: 600 }, (_, numéro) => new Crédit(numéro));

await drive({
  kind: 'a map, in code of other alphabets',
  culprit: 'журнал',
  perPhase: 1_500,
  step: (number) => {
    журнал.set(number, { квитанция: new Квитанция(number), 订单: new 订单(number % 9_000) });
    recent.push(new Crédit(number));
    crédits[number % 600] = new Crédit(number);
  },
});
