// A process that holds random secrets in every way that a heap can, writes them down for the search, and then
// writes a snapshot of itself. Arguments: the file for the secrets, the file for the snapshot, and `numbers`
// for a snapshot with numeric values.
'use strict';
const { AsyncLocalStorage } = require('node:async_hooks');
const { Blob } = require('node:buffer');
const crypto = require('node:crypto');
const diagnostics = require('node:diagnostics_channel');
const { EventEmitter } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const { performance } = require('node:perf_hooks');
const v8 = require('node:v8');
const vm = require('node:vm');

const [, , secretsFile, snapshotFile, numbers] = process.argv;
const SECRETS = 1000;

const random = (alphabet, length) =>
  Array.from(crypto.randomBytes(length), (byte) => alphabet[byte % alphabet.length]).join('');
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';
const ALNUM = LOWER + LOWER.toUpperCase() + DIGITS;
const digits = (length) => '123456789'[crypto.randomInt(9)] + random(DIGITS, length - 1);

/** Secrets of every make. The first two kinds are identifiers, which a name can be. */
const makes = {
  base62: () => random(LOWER, 1) + random(ALNUM, 15 + crypto.randomInt(20)),
  prefixed: () => `${['sk_live_', 'ghp_', 'AKIA', 'xoxb_', 'tok_'][crypto.randomInt(5)]}${random(ALNUM, 24)}`,
  hex: () => crypto.randomBytes(8 + crypto.randomInt(24)).toString('hex'),
  base64url: () => crypto.randomBytes(18).toString('base64url'),
  lower: () => random(LOWER, 18),
  uuid: () => crypto.randomUUID(),
  email: () => `${random(LOWER, 10)}.${random(LOWER, 9)}@${random(LOWER, 11)}.example`,
  digits: () => digits(16),
  password: () => random(`${ALNUM}!$%&/()=?*+#-_.:,;<>@ `, 20),
  jwt: () =>
    `eyJhbGciOiJIUzI1NiJ9.${crypto.randomBytes(24).toString('base64url')}.${crypto.randomBytes(32).toString('base64url')}`.slice(
      21,
    ),
  twoByte: () => `${random('абвгдежзийклмнопрстуфхцчшщэюя', 12)}${random('漢字仮名交文安全鍵秘密', 8)}`,
};
const kinds = Object.keys(makes);
const secrets = [];
let next = 0;
/** A new secret of the kind, or of each kind in turn. */
function secret(kind = kinds[next++ % kinds.length]) {
  const made = makes[kind]();
  secrets.push({ kind, way, text: made });
  return made;
}
/** Data next to the known words of a name; alone, the first may pass for a word. */
const datums = {
  pronounceable: () =>
    Array.from({ length: 5 }, () => random('bdfgklmnprstvz', 1) + random('aeiou', 1)).join(''),
  person: () => `${pick(FIRST_NAMES)}${pick(['-', ' ', '.', '_'])}${pick(LAST_NAMES)}`,
  number: () => digits(8 + crypto.randomInt(4)),
  mixed: () => random(LOWER + DIGITS, 12),
};
const pick = (list) => list[crypto.randomInt(list.length)];
const FIRST_NAMES = ['alice', 'bob', 'carol', 'Oliver', 'emma', 'Sophia', 'mallory', 'jane', 'John', 'mary'];
const LAST_NAMES = ['smithson', 'Jones', 'miller', 'Anderson', 'acmecorp', 'johnson', 'Williams', 'garcia'];
const KNOWN = ['order', 'user', 'price-for', 'session', 'tenant', 'customer:invoice', 'payment', 'room'];
/** A name of known words and data, joined as programs join words. */
function joined() {
  let datum;
  do datum = datums[pick(Object.keys(datums))]();
  while (secrets.some(({ text }) => text === datum));
  secrets.push({ kind: 'joined', way, text: datum });
  const between = pick(['-', ':', '/', ' ', '::', '/:']);
  const name = [pick(KNOWN), datum, ...(next++ % 2 ? [pick(['created', 'updated', 'closed'])] : [])];
  return name.join(between);
}
const identifier = () => secret(['base62', 'prefixed', 'lower'][next++ % 3]);
let way = '';

const kept = (globalThis.kept = []);
const storage = new AsyncLocalStorage();
class Vault {}
class Customer {
  #token;
  static registry = new Map();
  constructor(token) {
    this.#token = token;
  }
  has(token) {
    return this.#token === token;
  }
}

/** Each plants one secret or more, and keeps what holds them. */
const ways = {
  value: () => secret(),
  property: () => ({ password: secret() }),
  array: () => [secret(), secret()],
  mapKey: () => new Map([[secret(), 1]]),
  mapValue: () => new Map([['token', secret()]]),
  set: () => new Set([secret()]),
  propertyName: () => ({ [secret()]: 1 }),
  propertyNames: () => Object.fromEntries(Array.from({ length: 30 }, () => [secret(), {}])),
  dictionary: () => {
    const cache = Object.create(null);
    for (let at = 0; at < 20; at++) cache[secret()] = { hits: at };
    delete cache.none;
    return cache;
  },
  accessor: () => Object.defineProperty({}, secret(), { get: () => 1, set() {}, enumerable: true }),
  elementIndex: () => ({ [Number(secret10())]: { found: true } }),
  symbolDescription: () => Symbol(secret()),
  symbolOfRegistry: () => Symbol.for(secret()),
  symbolKey: () => ({ [Symbol(secret())]: true }),
  closure: () => {
    const credential = secret();
    return () => credential.length;
  },
  variableName: () => new Function(`const ${identifier()} = {}; return () => eval('1')`)(),
  classField: () => new Customer(secret()),
  staticField: () => Customer.registry.set(secret(), new Vault()),
  staticBlock: () =>
    new Function('value', 'return class Holder { static held; static { this.held = value; } }')(secret()),
  privateName: () => new Function(`return new (class Wallet { #${identifier()} = 1; })()`)(),
  template: () =>
    new Function('tag', `return () => tag\`a ${safe(secret('base62'))} \${1} b\``)((strings) => strings)(),
  regexp: () => new RegExp(`^${escaped(secret())}$`),
  regexpLiteral: () => new Function(`return /${secret('base62')}/g`)(),
  bigint: () => BigInt(secret('digits')) ** 3n,
  number: () => ({ account: Number(secret('digits').slice(0, 15)) }),
  numberInArray: () => [Number(`0.${secret('digits').slice(0, 15)}`)],
  url: () =>
    new URL(
      `https://user:${secret('base62')}@host.example/${secret('uuid')}?token=${secret('base64url')}#${secret('hex')}`,
    ),
  searchParams: () => new URLSearchParams({ q: secret() }),
  headers: () => new Headers({ authorization: `Bearer ${secret('jwt')}` }),
  request: () => new Request(`https://host.example/?key=${secret('hex')}`),
  pem: () =>
    `-----BEGIN PRIVATE KEY-----\n${wrapped(secretOf(() => crypto.randomBytes(96).toString('base64')))}\n-----END PRIVATE KEY-----\n`,
  keyObject: () => crypto.createSecretKey(Buffer.from(secret())),
  errorMessage: () => new Error(`no such customer: ${secret()}`),
  errorStack: () => {
    const error = new TypeError(secret());
    return [error, error.stack];
  },
  errorCause: () => new Error('failed', { cause: { token: secret() } }),
  asyncContext: () => storage.run({ user: secret() }, () => new Promise(() => undefined)),
  asyncTimer: () => storage.run(secret(), () => setTimeout(() => undefined, 1e8)),
  timerArgument: () => setTimeout(() => undefined, 1e8, secret()),
  boundArgument: () => function reply() {}.bind(null, secret()),
  functionName: () => ({ [secret()]() {} }),
  definedName: () => Object.defineProperty(() => undefined, 'name', { value: secret() }),
  className: () => new { [secret()]: class {} }[secrets.at(-1).text](),
  tag: () => ({ [Symbol.toStringTag]: secret() }),
  weakKey: () => weak(new WeakMap()),
  source: () => new Function(`return 'x${safe(secret('base62'))}'`),
  comment: () =>
    new Function(`/* the password is ${safe(secret('base62'))} */ return 1 // ${safe(secret('hex'))}`),
  sourceUrl: () =>
    vm.runInThisContext(
      `(function script() {})\n//# sourceURL=https://host.example/${secret('uuid')}.js?${secret('hex')}`,
    ),
  scriptName: () =>
    vm.runInThisContext('(function named() {})', { filename: `/srv/${secret('base62')}/plugin.js` }),
  scriptOfNoFile: () => vm.runInThisContext('(function named() {})', { filename: secret() }),
  sandbox: () => vm.createContext({ [identifier()]: secret() }),
  cons: () => secretOf((made) => made.slice(0, 13) + made.slice(13)),
  consOfMany: () =>
    ['a', 'b', secret('base62').padEnd(40, '.')].reduce((text, part) => text + part, '-'.repeat(20)),
  sliced: () => `${'-'.repeat(100)}${secret()}`.slice(60),
  long: () => 'x'.repeat(1500) + secret(),
  longBegins: () => secret() + 'y'.repeat(5000),
  escapes: () =>
    `"${secret('base62')}\\${secret('base62')}\n${secret('base62')}\t\ud800${secret('base62')}\u0000`,
  base64: () => Buffer.from(secret()).toString('base64'),
  hexadecimal: () => Buffer.from(secret()).toString('hex'),
  urlEncoded: () => encodeURIComponent(secret()),
  utf16: () => Buffer.from(secret(), 'utf16le').toString('latin1'),
  buffer: () => Buffer.from(secret()),
  blob: () => new Blob([secret()]),
  json: () => JSON.parse(JSON.stringify({ [secret('email')]: { card: secret('digits') } })),
  jsonText: () => JSON.stringify({ user: { token: secret() } }),
  emitter: () => new EventEmitter().on(secret(), () => undefined),
  channel: () => diagnostics.channel(secret()),
  mark: () => performance.mark(secret()),
  environment: () => (process.env[`APP_${crypto.randomInt(1e6)}`] = secretOf(() => makes.base62())),
  environmentCopy: () => ({ ...process.env, SESSION_SECRET: secret() }),
  argument: () => process.argv.push(`--token=${secret()}`),
  title: () => [process.title, secret()],
  generator: () => {
    const running = (function* () {
      const inside = secret();
      yield 1;
      yield inside;
    })();
    running.next();
    return running;
  },
  asyncFunction: () => {
    const inside = secret();
    return (async () => {
      await new Promise(() => undefined);
      return inside;
    })();
  },
  proxy: () => new Proxy({ key: secret() }, { get: () => secret }),
  date: () => new Date(Number(secret('digits').slice(0, 12))),
  typedArray: () => Float64Array.of(Number(secret('digits').slice(0, 15))),
  query: () => ({ sql: `SELECT * FROM users WHERE token = '${secret()}'`, bound: [secret()] }),
  statement: () => preparedStatement(secret('base62')),
  homeDirectory: () =>
    vm.runInThisContext('(function ours() {})', { filename: `/home/${secret('lower')}/app/server.js` }),
  joinedProperty: () => ({ [joined()]: 1, [joined()]: {} }),
  joinedEvent: () => new EventEmitter().on(joined(), () => undefined),
  joinedDictionary: () => Object.fromEntries(Array.from({ length: 30 }, () => [joined(), {}])),
  joinedSymbol: () => [Symbol(joined()), { [Symbol.for(joined())]: 1 }],
  joinedFunction: () => ({ [joined()]() {}, [joined()]: () => 1 }),
  joinedTag: () => ({ [Symbol.toStringTag]: joined() }),
  joinedRoute: () => ({ [`GET /${joined()}`]: 1 }),
  joinedAccessor: () => Object.defineProperty({}, joined(), { get: () => 1, enumerable: true }),
  foreignProperty: () => ({ [secret('twoByte')]: 1 }),
  foreignFunction: () => ({ [secret('twoByte')]() {}, [secret('twoByte')]: class {} }),
  foreignClass: () => new { [secret('twoByte')]: class {} }[secrets.at(-1).text](),
  foreignName: () => Object.defineProperty(function named() {}, 'name', { value: secret('twoByte') }),
  foreignStatic: () =>
    new (class {
      static name = secret('twoByte');
    })(),
  requireCache: () => (require.cache[`/srv/${secret('uuid')}/index.js`] = { exports: {} }),
};

function secret10() {
  const made = digits(10).replace(/^[4-9]/, '3');
  secrets.push({ kind: 'digits', way, text: made });
  return made;
}
function secretOf(make) {
  const made = makes.base62();
  const text = make(made);
  secrets.push({ kind: 'base62', way, text });
  return text;
}
const safe = (text) => text;
const escaped = (text) => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
const wrapped = (text) => text.replaceAll(/.{64}/g, '$&\n');
function weak(map) {
  const key = { [Symbol.toStringTag]: secret() };
  map.set(key, secret());
  return [map, key];
}
function preparedStatement(token) {
  try {
    const { DatabaseSync } = require('node:sqlite');
    return new DatabaseSync(':memory:').prepare(`SELECT '${token}' AS token`);
  } catch {
    return { text: `SELECT '${token}' AS token` }; // before Node 22.5
  }
}

/** Requests that are on their way, on both sides. */
async function liveRequests() {
  way = 'liveRequest';
  const server = http.createServer((request, response) => {
    kept.push(request, response);
    response.setHeader('set-cookie', `session=${secret('base64url')}`);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const received = new Promise((resolve) => server.on('request', resolve));
  const request = http.request({
    port: server.address().port,
    path: `/orders/${secret('uuid')}?key=${secret('hex')}`,
    headers: {
      authorization: `Bearer ${secret('jwt')}`,
      [`x-${secret('hex')}`]: '1',
      cookie: secret('base62'),
    },
  });
  request.on('error', () => undefined).end();
  kept.push(request);
  await received;
}

async function importedData() {
  way = 'dataUrl';
  kept.push(await import(`data:text/javascript,export const token = '${secret('base62')}'`));
}

async function main() {
  // Not awaited.
  process.emitWarning = () => undefined;
  await liveRequests();
  await importedData();
  const names = Object.keys(ways);
  for (let at = 0; secrets.length < SECRETS; at++) {
    way = names[at % names.length];
    kept.push(ways[way]());
  }
  const used = fs.openSync(secretsFile, 'w', 0o600);
  fs.writeSync(used, JSON.stringify(secrets));
  fs.closeSync(used);
  v8.writeHeapSnapshot(snapshotFile, numbers === 'numbers' ? { exposeNumericValues: true } : {});
  process.exit(0);
}
main();
