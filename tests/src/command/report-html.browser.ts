/** The page of `afterimage analyze --html`, in a real browser without a network: the icicle, its zoom, the filter. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { chromium, type Locator, type Page } from 'playwright-core';
import { runCommand } from '../command.js';
import { debianProgram } from '../targets/debian-program.js';
import { nodeOf } from '../nodes.js';
import { hostileNames, hostileProgram, runProgram } from '../snapshot/planted-snapshots.js';
import { temporaryDirectory } from '../temporary-directory.js';

const program = `
  ${hostileProgram}
  class PlantedSession { constructor(i) { this.visits = [i + 0.5]; this.user = 'user number ' + i; } }
  globalThis.sessions = new Map();
  for (let i = 0; i < 20000; i++) globalThis.sessions.set(i, new PlantedSession(i));
  snapshot('page.heapsnapshot');
`;

it(
  'the page shows the heap, can be zoomed, and loads and runs nothing else',
  { timeout: 240_000 },
  async (t) => {
    const executablePath = debianProgram('chromium');
    const directory = await temporaryDirectory(t);
    runProgram(nodeOf(24), directory, 'page', program);
    const path = join(directory, 'page.html');
    const { code, stderr } = await runCommand([
      'analyze',
      join(directory, 'page.heapsnapshot'),
      '--html',
      '-o',
      path,
    ]);
    assert.equal(code, 0, stderr);

    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
    try {
      for (const colorScheme of ['light', 'dark'] as const) {
        const page = await browser.newPage({ colorScheme, viewport: { width: 1200, height: 900 } });
        const complaints: string[] = [];
        const requests: string[] = [];
        page.on('pageerror', ({ message }) => complaints.push(message));
        page.on('console', (message) => complaints.push(message.text()));
        page.on('dialog', (dialog) => complaints.push(dialog.message()));
        page.on('request', (request) => requests.push(request.url()));
        await page.goto(pathToFileURL(path).href);

        await assertReadable(page);
        await assertCanBeLookedInto(page);
        await assertFilters(page);
        assert.deepEqual(complaints, []);
        assert.deepEqual(requests, [pathToFileURL(path).href]);
        await page.close();
      }
    } finally {
      await browser.close();
    }
  },
);

async function assertReadable(page: Page): Promise<void> {
  // As text: the tests are not compiled for a browser.
  const style = 'getComputedStyle(document.body)';
  const paper = await page.evaluate<string>(`${style}.backgroundColor`);
  const ink = await page.evaluate<string>(`${style}.color`);
  const brightness = (color: string): number =>
    (color.match(/\d+/g) ?? []).slice(0, 3).reduce((sum, part) => sum + Number(part) / 3, 0);
  assert.ok(Math.abs(brightness(paper) - brightness(ink)) > 150, `${ink} on ${paper}`);
}

async function assertCanBeLookedInto(page: Page): Promise<void> {
  const sessions = box(page, /^20,000 × PlantedSession,/);
  const width = await widthOf(sessions);
  const whole = await widthOf(box(page, /^the whole heap,/));
  assert.ok(width < whole, `${width} of ${whole}`);

  await sessions.hover();
  const tooltip = page.locator('#tooltip');
  await tooltip.waitFor();
  const text = await tooltip.innerText();
  for (const line of [/^class\s*PlantedSession$/m, /^count\s*20,000$/m, /^shallow\s*[\d.]+ kB$/m]) {
    assert.match(text, line);
  }
  assert.match(text, /^retained\s*[\d.]+ MB, [\d.]+ % of the heap$/m);
  assert.match(text, /^path\s*the whole heap › .*sessions: Map › .*20,000 × PlantedSession$/m);

  await sessions.click();
  assert.equal(Math.round(await widthOf(sessions)), Math.round(whole));
  assert.match(await page.locator('#trail').innerText(), /› 20,000 × PlantedSession$/);
  await box(page, /^the whole heap,/).click();
  assert.equal(Math.round(await widthOf(sessions)), Math.round(width));
  await sessions.click();
  await page.keyboard.press('Escape');
  const withinTable = await widthOf(sessions);
  assert.ok(withinTable < whole && withinTable > width, `${withinTable} of ${whole}`);
}

async function assertFilters(page: Page): Promise<void> {
  const table = page.locator('table').last();
  const rows = table.locator('tbody tr:visible');
  const all = await rows.count();
  await page.getByPlaceholder('filter').last().fill('plantedses');
  assert.equal(await rows.count(), 1);
  assert.match(await rows.first().innerText(), /^PlantedSession\s+20,000\s/);
  await page.getByPlaceholder('filter').last().fill('</script><img');
  assert.equal(await rows.first().locator('td').first().innerText(), hostileNames.tag);
  await page.getByPlaceholder('filter').last().fill('');
  assert.equal(await rows.count(), all);
}

function box(page: Page, name: RegExp): Locator {
  return page.getByRole('treeitem', { name }).first();
}

async function widthOf(locator: Locator): Promise<number> {
  return (await locator.boundingBox())?.width ?? 0;
}
