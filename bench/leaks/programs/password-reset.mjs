// Keyv's memory store is a plain Map: an expired entry is removed only when it is read again, and an unused
// reset token is never read.
import Keyv from 'keyv';
import { createHash } from 'node:crypto';
import { userTable, assets } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const users = userTable(14_000);
const images = assets(60, 80_000);
const resetTokens = new Keyv({ ttl: 50 });

async function requestReset(id, agent) {
  const user = users.get(id);
  const token = createHash('sha256').update(`${user.email}${agent}`).digest('hex');
  const logo = images.get('/static/amber-0.png').length;
  await resetTokens.set(token, { user: id, agent, logo, address: user.address, hints: [user.email, agent] });
  return token;
}

await drive({
  kind: 'keyv entries that expire and are never read again',
  culprit: 'resetTokens',
  perPhase: 1_000,
  step: (number) => requestReset(number % 14_000, `Mozilla/5.0 (attempt ${number})`),
});
