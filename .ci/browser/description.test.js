// The pages that describe a collection: `/api/<name>/docs`.
import { after, before, test } from 'node:test';
import { axe } from './axe.js';
import { Board } from './board.js';
import { LOOKS, checkFaults, openPage, startChromium } from './chromium.js';

let board;
let browser;
before(async () => {
  [board, browser] = await Promise.all([Board.start(), startChromium()]);
});
after(async () => {
  await browser?.close();
  await board?.stop();
});

for (const look of LOOKS) {
  test(`the description of users can be used by all (${look.theme}, ${look.width})`, async () => {
    const page = await openPage(browser, look);
    await page.goto(`${board.url('users')}/api/users/docs`);
    await axe(page);
    checkFaults(page);
    await page.context().close();
  });
}
