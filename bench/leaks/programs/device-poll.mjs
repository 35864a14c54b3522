// Every connected device gets an interval that polls it; a device that disconnects is forgotten, but its interval
// is never cleared and keeps the device and its readings.
import { terrain, timetable } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const map = terrain(60, 128);
const schedule = timetable(40, 700);
const devices = new Map();

function connect(id) {
  const device = { id, tile: map[id % map.length].north, line: schedule[`L${id % 40}`].stop, readings: [] };
  for (let reading = 0; reading < 40; reading++)
    device.readings.push({ value: id + reading / 3, unit: 'kPa' });
  devices.set(id, device);
  setInterval(function pollDevice() {
    device.readings.push({ value: Math.random(), unit: 'kPa' });
    device.readings.shift();
  }, 60_000).unref();
}

function disconnect(id) {
  devices.delete(id);
}

await drive({
  kind: 'timers and intervals',
  culprit: 'pollDevice',
  perPhase: 800,
  step: (number) => {
    connect(number);
    if (number >= 20) disconnect(number - 20);
  },
});
