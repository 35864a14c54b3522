// A knex instance, with its pool and its query builder classes, is made for each tenant that ever sends a request;
// trial tenants come by the hundred and their instances are never destroyed.
const knex = require('knex');
const { translations, RefreshedTable } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const texts = translations(['en', 'es', 'it'], 22_000);
const plans = new RefreshedTable();
const tenantDatabases = new Map();

function databaseOf(tenant) {
  let database = tenantDatabases.get(tenant);
  if (!database) {
    database = knex({
      client: 'pg',
      connection: { host: 'db.internal', database: `tenant_${tenant}`, user: 'app', password: 'app' },
      pool: { min: 0, max: 4 },
    });
    tenantDatabases.set(tenant, database);
  }
  return database;
}

function reportFor(number) {
  if (number % 20 === 0) plans.refresh(number, 3_000);
  const title = texts.en['page.basalt.1'];
  return databaseOf(`t${number}`)('orders').where({ paid: false, title }).orderBy('id').toSQL();
}

module.exports = { reportFor };

drive({
  kind: 'database pools, one a tenant',
  culprit: 'tenantDatabases',
  perPhase: 60,
  step: reportFor,
});
