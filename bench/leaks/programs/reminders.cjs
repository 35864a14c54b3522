// A job is scheduled for each reminder and canceled only if the reminder itself is deleted; changing a reminder
// schedules another one and leaves the first in node-schedule's table.
const schedule = require('node-schedule');
const { translations, userTable } = require('../bystanders.cjs');
const { drive } = require('../stage.cjs');

const texts = translations(['en', 'ko'], 20_000);
const users = userTable(6_000);
const reminders = new Map();

function remind(user, hour) {
  const reminder = { user, hour, text: texts.en['page.amber.0'], channels: [] };
  for (let n = 0; n < 20; n++) reminder.channels.push({ n, kind: 'mail', after: n / 7 });
  reminder.job = schedule.scheduleJob({ hour, minute: 30, dayOfWeek: 1 }, () =>
    reminder.channels.map(({ kind }) => `${kind} ${users.get(user).email}`),
  );
  reminders.set(user, reminder);
}

function forget(user) {
  reminders.get(user)?.job.cancel();
  reminders.delete(user);
}

module.exports = { remind, forget };

drive({
  kind: 'scheduled jobs replaced and never canceled (node-schedule)',
  culprit: 'scheduledJobs',
  perPhase: 300,
  step: (number) => {
    remind(number % 40, number % 24);
    if (number % 100 === 99) forget(number % 40);
  },
});
