// The lookup result of every client address is remembered in a Map that nothing ever removes from; addresses are
// as many as there are clients, so this is a leak with a cache's name.
import { catalogue, RingBuffer } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const shop = catalogue(25_000);
const recentOrders = new RingBuffer(3_000);
const regionByAddress = new Map();

function regionOf(address) {
  let region = regionByAddress.get(address);
  if (region === undefined) {
    const [a, b, c] = address.split('.').map(Number);
    region = {
      country: `C${a % 40}`,
      city: `city ${b}-${c}`,
      position: { lat: a + b / 256, lon: c },
      asn: a * b,
    };
    regionByAddress.set(address, region);
  }
  return region;
}

await drive({
  kind: 'Map used as a cache without a bound',
  culprit: 'regionByAddress',
  perPhase: 6_000,
  step: (number) => {
    const address = `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
    recentOrders.push({ region: regionOf(address), product: shop.at(number), quantity: number % 5 });
  },
});
