// What the console costs the program that carries the traffic, and how soon its first page can be used.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Board } from './board.js';
import { checkFaults, openPage, startChromium } from './chromium.js';

/** Ticks of a second in /proc (proc(5)): always so on Linux. */
const TICKS = 100;
const PAGES = 5;
/** For how long the processor is watched, in seconds. */
const WATCHED = 15;

let board;
let browser;
before(async () => {
  [board, browser] = await Promise.all([Board.start(), startChromium()]);
});
after(async () => {
  await browser?.close();
  await board?.stop();
});

async function signIn() {
  const page = await openPage(browser);
  await page.goto(await board.link());
  await page.waitForURL('**/console/');
  return page;
}

/** The share of a core that a process needs in the next seconds, in percent. */
async function percent(pid) {
  const used = () => {
    const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ').slice(11, 13);
    return (Number(user) + Number(system)) / TICKS;
  };
  const [begin, before] = [performance.now(), used()];
  await new Promise((resolve) => setTimeout(resolve, WATCHED * 1000));
  return ((used() - before) * 100_000) / (performance.now() - begin);
}

/** Ten requests a second, so that every figure changes. */
function trickle() {
  const timer = setInterval(() => fetch(`${board.proxy}/api/users/1`).then((answer) => answer.arrayBuffer(), () => {}), 100);
  return () => clearInterval(timer);
}

test('five open pages cost the proxy little', async () => {
  const pid = board.pid('refactor');
  const stop = trickle();
  const without = await percent(pid);
  const pages = [];
  for (let number = 0; number < PAGES; number += 1) pages.push(await signIn());
  // The pages have their styles and their script by now, and their figures.
  for (const page of pages) await page.locator('.picture .reads.to-monolith:not([height="0.0"])').first().waitFor();
  let events = 0;
  for (const page of pages) {
    const session = await page.context().newCDPSession(page);
    await session.send('Network.enable');
    session.on('Network.eventSourceMessageReceived', () => (events += 1));
  }
  const begin = performance.now();
  const with_ = await percent(pid);
  const rate = (events * 1000) / (performance.now() - begin);
  stop();
  const more = with_ - without;
  console.log(`${PAGES} pages, ${rate.toFixed(1)} events/s: ${without.toFixed(2)} % of a core without them, ${with_.toFixed(2)} % with them`);
  assert.ok(rate > 5, `${rate} events/s`);
  // On a quiet machine it is below 1 %.
  assert.ok(more < 4, `${more} % of a core more`);
  for (const page of pages) {
    checkFaults(page);
    await page.context().close();
  }
});

test('the first page is small, and can be used soon', async () => {
  const times = [];
  while (times.length < 3) {
    const page = await signIn();
    const sizes = [];
    const cold = await openPage(browser);
    await cold.context().addCookies(await page.context().cookies());
    cold.on('response', (response) => {
      if (!response.url().includes('/events')) sizes.push(response.body().then((body) => body.length, () => 0));
    });
    await cold.goto(`${board.url('refactor')}/console/`);
    const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    assert.ok(bytes > 2_000 && bytes < 100_000, `${bytes} bytes`);
    times.push(await cold.evaluate(() => performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd));
    if (times.length === 1) console.log(`the first page has ${bytes} bytes`);
    await Promise.all([page.context().close(), cold.context().close()]);
  }
  // On a quiet machine it is below 200 ms.
  assert.ok(Math.min(...times) < 2_000, `${times} ms`);
  console.log(`the first page can be used after ${Math.min(...times).toFixed(0)} ms`);
});

test('a tab that is not looked at has no stream', async () => {
  const page = await signIn();
  const streams = [];
  page.on('request', (request) => {
    if (request.url().includes('/console/events')) streams.push(request);
  });
  const closed = () => page.waitForEvent('requestfailed', (request) => request.url().includes('/console/events'));
  const show = (hidden) =>
    page.evaluate((hidden) => {
      Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);
  const opened = page.waitForRequest((request) => request.url().includes('/console/events'));
  await page.reload();
  await opened;
  await page.locator('.routes').first().waitFor();
  streams.length = 0;
  const gone = closed();
  await show(true);
  await gone;
  assert.equal(streams.length, 0, 'it opens no other one');
  await show(false);
  await page.locator('.picture').first().waitFor();
  while (streams.length === 0) await page.waitForEvent('request');
  assert.equal(streams.length, 1);
  assert.equal(await page.locator('#lost').isVisible(), false);
  checkFaults(page);
  await page.context().close();
});
