// The pictures of the README. They are written only if `UPDATE_IMAGES` is set.
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Board } from './board.js';
import { openPage, startChromium } from './chromium.js';
import { Load } from './load.js';

const skip = !process.env.UPDATE_IMAGES;

/** Writes what the page shows as docs/images/NAME.png. */
const picture = (page, name) =>
  page.screenshot({ path: fileURLToPath(new URL(`../../docs/images/${name}.png`, import.meta.url)), animations: 'disabled' });

test('the board and the console, while users move', { skip }, async () => {
  const [board, browser] = await Promise.all([Board.start(), startChromium()]);
  try {
    const page = await openPage(browser, { viewport: { width: 900, height: 620 } });
    const home = board.page('board');
    await page.goto(`${home}users/2`);
    await page.getByRole('button', { name: 'Write as this user' }).click();
    await page.goto(`${home}threads/2`);
    await picture(page, 'board');

    // Users have moved, threads are about to, and people read and write both.
    await board.banyan('diff', 'users');
    await board.banyan('switch', 'users');
    await board.banyan('follow', 'threads');
    await board.banyan('follow', 'posts');
    const loads = ['users', 'threads', 'posts'].map((collection) => new Load(board.proxy, collection));
    await page.setViewportSize({ width: 1120, height: 770 });
    await page.goto(await board.link());
    await page.getByText('service is primary, epoch 2').first().waitFor();
    const edge = page.locator('.picture g', { hasText: 'threads' }).locator('.writes.to-monolith:not([height="0.0"])');
    await edge.first().waitFor();
    // The rates are averages of some seconds.
    await page.waitForTimeout(5_000);
    await picture(page, 'console');
    await Promise.all(loads.map((load) => load.stop()));
  } finally {
    await browser.close();
    await board.stop();
  }
});
