// The console with much in it, with little, and with what goes wrong: every page in every look.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe } from './axe.js';
import { Board } from './board.js';
import { LOOKS, checkFaults, openPage, screenshot, startChromium } from './chromium.js';
import { control } from './control.js';
import { Load } from './load.js';

/** More than a page of the table has, and more than the picture shows. */
const ROUTES = 200;
const LONG = 'a-very-long-name-that-goes-on-and-on';

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
async function signIn(look) {
  const page = await openPage(browser, look);
  await page.goto(await board.link());
  await page.waitForURL('**/console/');
  return page;
}

/** Looks at pages by name, in every look: no serious violation, none wider than its window. */
async function lookAt(pages) {
  for (const look of LOOKS) {
    const page = await signIn(look);
    for (const [name, path] of Object.entries(pages)) {
      await page.goto(`${board.url('refactor')}${path}`);
      await page.locator('h1').first().waitFor({ state: 'attached' });
      await axe(page);
      await screenshot(page, `looks-${name}-${look.theme}-${look.width}`);
    }
    checkFaults(page);
    await page.context().close();
  }
}

/** The path of the page of a move. */
async function movePath(collection) {
  const { moves } = await control(board, 'GET', '/-/overview');
  return `/console/moves/${moves.find((found) => found.collection === collection).application}/${collection}`;
}

test('each phase of a move can be seen by all', async () => {
  const [users, threads] = [await movePath('users'), await movePath('threads')];
  await lookAt({ 'move-not-followed': users, 'verb-follow': `${users}/follow`, 'history-empty': '/console/history' });
  await board.banyan('follow', 'users', '--max-rows-per-second', '1', '--no-wait');
  await lookAt({ 'move-copying': users });
  await board.banyan('follow', 'users');
  await lookAt({ 'verb-switch-refused': `${users}/switch`, 'verb-switch-forced': `${users}/switch?force=1` });
  await board.banyan('diff', 'users');
  await lookAt({ 'move-following': users, 'verb-switch': `${users}/switch` });
  const load = new Load(board.proxy);
  await board.banyan('switch', 'users');
  await board.banyan('reverse', 'users');
  await board.banyan('switch', 'users');
  await board.banyan('follow', 'threads');
  await lookAt({ 'overview-moving': '/console/', 'move-switched': users, 'verb-reverse': `${users}/reverse`, 'verb-complete': `${users}/complete` });
  const { failed } = await load.stop();
  assert.deepEqual(failed, []);
  await board.banyan('complete', 'users');
  await board.banyan('stop', 'threads');
  await lookAt({ 'move-completed': users, 'move-unreachable': threads, 'overview-unreachable': '/console/', history: '/console/history' });
  await board.banyan('start', 'threads');
});

test('200 routes with long names can be read, searched and turned over by all', async () => {
  const { routes } = await control(board, 'GET', '/-/overview');
  const { EnvironmentId, ApplicationId } = routes[0];
  const application = `/environments/${EnvironmentId}/applications/${ApplicationId}`;
  const url = board.url('monolith');
  const service = await control(board, 'POST', `${application}/services`, {
    Name: `${LONG}-${'x'.repeat(63 - LONG.length - 1)}`, EndpointType: 'URL', UrlEndpoint: { Url: `${url}/api` },
    Description: `A service with a long description. ${'It goes on and on. '.repeat(11)}`,
  });
  for (let number = routes.length; number < ROUTES; number += 1) {
    const source = number % 10 === 0 ? `/${LONG}/${'deeper/'.repeat(20)}${number}` : `/shop-${number}`;
    await control(board, 'POST', `${application}/routes`, {
      RouteType: 'URI_PATH', ServiceIdentifier: service.ServiceId,
      UriPathRoute: { SourcePath: source, ActivationState: number % 3 ? 'ACTIVE' : 'INACTIVE', Methods: number % 7 ? [] : ['GET', 'POST'] },
    });
  }
  const overview = await control(board, 'GET', '/-/overview');
  assert.equal(overview.routes.length, ROUTES);
  const long = overview.routes.find(({ SourcePath }) => SourcePath?.startsWith(`/${LONG}`));
  await lookAt({
    'overview-200': '/console/', 'overview-200-page-4': '/console/?page=4', 'overview-filter': `/console/?filter=${LONG}`,
    'overview-none': '/console/?filter=nothing-has-this', 'application-200': `/console/applications/${ApplicationId}`, 'route-long': `/console/routes/${long.RouteId}`,
  });
});
