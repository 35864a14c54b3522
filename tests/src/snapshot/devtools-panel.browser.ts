/** A developed snapshot opens in the Memory panel of the real DevTools, in a real browser, and shows what is in it. */
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium, type Locator, type Page } from 'playwright-core';
import { runCommand } from '../command.js';
import { debianProgram } from '../targets/debian-program.js';
import { plantedCount } from '../fixtures/planted.js';
import { nodeOf } from '../nodes.js';
import { storeImage } from '../image/stored-image.js';
import { temporaryDirectory } from '../temporary-directory.js';

const screenshot = fileURLToPath(new URL('../../../artifacts/devtools-memory-panel.png', import.meta.url));
const memoryPanel = 'devtools://devtools/bundled/devtools_app.html?panel=heap-profiler';

it("DevTools' Memory panel shows the planted class and its count", { timeout: 240_000 }, async (t) => {
  const executablePath = debianProgram('chromium');
  const directory = await temporaryDirectory(t);
  const image = await storeImage(nodeOf(24), directory);
  const snapshot = join(directory, 'developed.heapsnapshot');
  const { code, stderr } = await runCommand(['develop', image, '-o', snapshot]);
  assert.equal(code, 0, stderr);

  const browser = await chromium.launchPersistentContext(join(directory, 'profile'), {
    executablePath,
    viewport: { width: 1400, height: 900 },
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
  const page = await browser.newPage();
  try {
    await assertShownInMemoryPanel(page, snapshot);
  } finally {
    await mkdir(dirname(screenshot), { recursive: true });
    await page.screenshot({ path: screenshot });
    await browser.close();
  }
});

async function assertShownInMemoryPanel(page: Page, snapshot: string): Promise<void> {
  const pageErrors: string[] = [];
  page.on('pageerror', ({ message }) => pageErrors.push(message));

  await page.goto(memoryPanel);
  await loadProfile(page, snapshot);
  await filterClasses(page, 'PlantedThing');
  const classRow = rowWith(page, /^PlantedThing/);
  await classRow.click();
  await page.keyboard.press('ArrowRight'); // unfolds the class
  await rowWith(page, /^PlantedThing\s*@\d+/).click();
  await rowWith(page, /^\[\d+\]\s*in\s*Array\s*@\d+/).waitFor(); // what retains this one

  const count = plantedCount.toLocaleString('en');
  assert.match(await classRow.innerText(), new RegExp(`^PlantedThing\\s*×${count}\\b`));
  assert.deepEqual(pageErrors, []);
}

async function loadProfile(page: Page, snapshot: string): Promise<void> {
  const chooser = page.waitForEvent('filechooser');
  await page
    .getByRole('button', { name: /^Load profile/ })
    .first()
    .click();
  await (await chooser).setFiles(snapshot);
  const entry = page.getByRole('treeitem', { name: /^developed\b/ });
  await entry.filter({ hasText: /\d\s?[kM]?B/ }).click(); // the size stands there once it is loaded
  await page.getByText('Constructor', { exact: true }).first().waitFor();
}

async function filterClasses(page: Page, text: string): Promise<void> {
  const filter = page.getByRole('textbox', { name: /filter/i }).first();
  await filter.fill(text);
  await filter.press('Enter');
}

function rowWith(page: Page, text: RegExp): Locator {
  return page.getByRole('row').filter({ hasText: text }).first();
}
