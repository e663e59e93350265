// The console: signing in, a whole move watched under load, differences, a restart, and every page in every look.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { axe } from './axe.js';
import { Board } from './board.js';
import { LOOKS, checkFaults, openPage, screenshot, startChromium } from './chromium.js';
import { control, route as routeOf } from './control.js';
import { Load } from './load.js';

let board;
let browser;
before(async () => {
  [board, browser] = await Promise.all([Board.start(), startChromium()]);
});
after(async () => {
  await browser?.close();
  await board?.stop();
});

/** A page that has signed in. */
async function signIn(options = {}, ...words) {
  const page = await openPage(browser, options);
  await page.goto(await board.link(...words));
  await page.waitForURL('**/console/');
  return page;
}

/** The URL of the page of a move. */
async function movePage(page, collection) {
  await page.goto(`${board.url('refactor')}/console/`);
  const found = page.locator(`.routes a[href$="/${collection}"]`).first();
  return new URL(await found.getAttribute('href'), page.url()).href;
}

/** Changes a row behind the back of the users service. */
function plant() {
  const script = 'import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=10); c.execute("UPDATE users SET name = \'Planted\' WHERE id = 3"); c.commit()';
  execFileSync('python3', ['-c', script, path.join(board.data, 'users.db')]);
}

/** Opens the page that asks, and says yes; waits for the end of the command. */
async function command(page, url, verb, button, typed) {
  await page.goto(`${url}/${verb}`);
  if (typed) await page.getByLabel('to confirm').fill(typed);
  await page.getByRole('button', { name: button }).click();
  await page.locator('h1 .badge', { hasText: /^(done|not done|not known)$/ }).waitFor();
  assert.equal(await page.locator('h1 .badge').textContent(), 'done', await page.locator('main').textContent());
}

test('the link signs in once, and does not stay in the address bar', async () => {
  const page = await openPage(browser);
  const once = await board.link();
  await page.goto(once);
  await page.waitForURL('**/console/');
  const secret = new URL(once).hash.slice(1);
  assert.ok(!page.url().includes(secret));
  await page.goBack();
  assert.ok(!page.url().includes(secret), page.url());
  checkFaults(page);
  const other = await openPage(browser);
  await other.goto(once);
  await other.getByText('was used before').waitFor();
  checkFaults(other, /403 POST/, /console: Failed to load resource/);
  // Where the page is shown already, a link changes only the part behind `#`.
  await other.goto(await board.link());
  await other.waitForURL('**/console/');
  checkFaults(other);
  await Promise.all([page.context().close(), other.context().close()]);
});

test('signing in works without scripts, and signing out ends the session', async () => {
  const page = await openPage(browser, { scripts: false });
  const once = await board.link();
  await page.goto(once);
  await page.getByLabel('Or paste the part').fill(new URL(once).hash.slice(1));
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL('**/console/');
  await page.getByRole('heading', { name: 'Routes' }).or(page.locator('.routes')).first().waitFor();
  checkFaults(page);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL('**/console/sign-in');
  await page.goto(`${board.url('refactor')}/console/`);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  checkFaults(page, /403 GET/, /console: Failed to load resource/);
  await page.context().close();
});

test('a move is steered and watched under load, by two browsers, and no request fails', async () => {
  const load = new Load(board.proxy);
  const [page, other] = await Promise.all([signIn(), signIn({}, '--read-only')]);
  const url = await movePage(page, 'users');
  await command(page, url, 'follow', 'Follow users');
  await other.goto(`${board.url('refactor')}/console/`);
  // Before the switch the traffic of users goes to the monolith.
  const band = (edge) => other.locator(`.picture g[id^="pic-rte"]`, { hasText: 'users' }).locator(`.reads.${edge}`).first();
  const height = async (edge) => Number(await band(edge).getAttribute('height'));
  const until = async (what, is) => {
    for (let tries = 0; tries < 200; tries += 1) {
      if (await is()) return;
      await other.waitForTimeout(100);
    }
    await screenshot(other, 'console-failed');
    assert.fail(what);
  };
  await until('the edge leads to the monolith', async () => (await height('to-monolith')) > 0);
  await command(page, url, 'diff', 'Compare users');
  await page.goto(url);
  await page.getByText(/the same in/).waitFor();
  await screenshot(page, 'console-move');
  const row = other.locator('.routes tr', { hasText: '/users' });
  await command(page, url, 'switch', 'Switch users');
  await page.getByText('Writes waited').waitFor();
  await screenshot(page, 'console-switched');
  // The other browser sees it without a reload: the primary, and the edge.
  await row.getByText('service is primary, epoch 2').waitFor();
  await until('the edge has moved', async () => (await height('to-service')) > 0 && (await height('to-monolith')) === 0);
  await other.locator('.picture .is-primary', { hasText: 'epoch 2' }).waitFor();
  await screenshot(other, 'console-overview');
  await command(page, url, 'reverse', 'Reverse users');
  await row.getByText('monolith is primary, epoch 3').waitFor();
  await until('the edge is back', async () => (await height('to-monolith')) > 0 && (await height('to-service')) === 0);
  await page.goto(`${board.url('refactor')}/console/history`);
  await page.getByRole('row', { name: /reverse users/ }).waitFor();
  await page.getByRole('row', { name: /switch users/ }).waitFor();
  const { answered, failed } = await load.stop();
  assert.deepEqual(failed, []);
  assert.ok(answered > 100, `${answered} requests`);
  for (const it of [page, other]) checkFaults(it);
  await Promise.all([page.context().close(), other.context().close()]);
});

test('a planted difference is seen in a shadow, side by side, and in a comparison', async () => {
  const page = await signIn();
  const url = await movePage(page, 'users');
  await page.goto(`${board.url('refactor')}/console/`);
  await page.locator('.routes a', { hasText: /^\/users$/ }).first().click();
  await page.getByRole('link', { name: 'Set canary and shadow' }).click();
  await page.getByLabel(/^Canary/).fill('0');
  await page.getByLabel(/^Shadow/).fill('100');
  await page.getByRole('button', { name: 'Set for /users' }).click();
  const route = page.url();
  plant();
  // A route without traffic compares nothing, so it takes traffic now; the canary of 0 % leaves the answers to the monolith.
  await control(board, 'PATCH', (await routeOf(board, '/users')).path, { ActivationState: 'ACTIVE' });
  const load = new Load(board.proxy);
  await page.goto(route);
  await page.locator('.difference mark').first().waitFor();
  await screenshot(page, 'console-differences');
  await load.stop();
  await command(page, url, 'diff', 'Compare users');
  await page.goto(url);
  await page.getByText(/1 row differs/).first().waitFor();
  await screenshot(page, 'console-differs');
  checkFaults(page);
  await page.context().close();
});

test('a page says that it is not live, and goes on by itself after a restart of the control plane', async () => {
  const page = await signIn();
  await page.locator('.routes').first().waitFor();
  await board.banyan('stop', 'refactor');
  await page.getByText('Not live').waitFor();
  await screenshot(page, 'console-lost');
  await board.banyan('start', 'refactor');
  await page.locator('#lost').waitFor({ state: 'hidden' });
  assert.ok(page.url().endsWith('/console/'), page.url());
  page.faults.length = 0;
  await page.context().close();
});

test('every page can be used by all', async () => {
  for (const look of LOOKS) {
    const page = await signIn(look);
    const base = board.url('refactor');
    const move = await movePage(page, 'users');
    const application = await page.locator('.title h2 a').first().getAttribute('href');
    const route = await page.locator('.routes a[href*="/routes/"]').first().getAttribute('href');
    await page.goto(`${base}/console/stacks`);
    const stack = await page.locator('tbody a').first().getAttribute('href');
    const pages = {
      overview: '/console/', application, route, shares: `${route}/shares`, move: new URL(move).pathname,
      diff: `${new URL(move).pathname}/diff`, history: '/console/history', stacks: '/console/stacks', stack, missing: '/console/none',
    };
    for (const [name, place] of Object.entries(pages)) {
      await page.goto(base + place);
      await page.locator('h1').first().waitFor({ state: 'attached' });
      await screenshot(page, `console-${name}-${look.theme}-${look.width}`);
      await axe(page);
    }
    checkFaults(page, /404 GET/, /console: Failed to load resource/);
    await page.goto(`${base}/console/sign-in`);
    await screenshot(page, `console-sign-in-${look.theme}-${look.width}`);
    await axe(page);
    await page.context().close();
  }
});
