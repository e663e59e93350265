// The data moves from the monolith to the services while people read and write in a browser: they notice nothing.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Board } from './board.js';
import { checkFaults, openPage, startChromium } from './chromium.js';

let board;
let browser;
let home;
before(async () => {
  [board, browser] = await Promise.all([Board.start(), startChromium()]);
  home = board.page('board').replace(/\/$/, '');
});
after(async () => {
  await browser?.close();
  await board?.stop();
});

/** Reads one page after the other until it is told to stop: how many it read. */
function reader() {
  const state = { pages: 0, stop: false };
  state.done = (async () => {
    const page = await openPage(browser);
    while (!state.stop) {
      for (const path of ['/', '/threads/2', '/users', '/users/1']) {
        await page.goto(`${home}${path}`);
        state.pages += 1;
      }
    }
    checkFaults(page);
    await page.context().close();
  })();
  return state;
}

/** Sends one form after the other until it is told to stop, and calls `sends` before each: the texts that are stored. */
function writer(name) {
  const state = { texts: [], longest: 0, stop: false, sends: () => {} };
  state.done = (async () => {
    const page = await openPage(browser, { scripts: false });
    const send = async (button, shown) => {
      const begin = Date.now();
      state.sends();
      await page.getByRole('button', { name: button }).click();
      await shown.waitFor();
      state.longest = Math.max(state.longest, Date.now() - begin);
    };
    await page.goto(`${home}/users/new`);
    await page.getByLabel('Username').fill(name);
    await page.getByLabel('Name', { exact: true }).fill(name);
    await page.getByRole('button', { name: 'Make the user' }).click();
    await page.getByText('You write as this user.').waitFor();
    while (!state.stop) {
      const text = `${name} wrote ${state.texts.length}`;
      await page.goto(`${home}/threads/new`);
      await page.getByLabel('Title').fill(text);
      await send('Start the thread', page.getByRole('heading', { name: text, exact: true }));
      await page.getByLabel('Text').fill(text);
      await send('Send the reply', page.getByRole('article').getByText(text, { exact: true }));
      await page.goto(`${home}/users`);
      await page.getByRole('link', { name: `@${name}` }).click();
      await page.getByRole('link', { name: 'Edit this user' }).click();
      await page.getByLabel('About').fill(text);
      await send('Save', page.getByText(text, { exact: true }).first());
      state.texts.push(text);
    }
    checkFaults(page);
    await page.context().close();
  })();
  return state;
}

test('no page fails while users, threads and posts leave the monolith', async () => {
  const people = [reader(), writer('ana'), writer('ben')];
  // What goes wrong ends the test at once.
  const others = Promise.all(people.map(({ done }) => done));
  // The command begins while a form is under way, and both go on sending forms until it ends.
  const amidForms = async (...words) => {
    await Promise.all(people.slice(1).map((person) => new Promise((resolve) => (person.sends = resolve))));
    await board.banyan(...words);
  };
  const moves = (async () => {
    for (const collection of ['users', 'threads', 'posts']) {
      await board.banyan('follow', collection);
      await board.banyan('diff', collection);
      await amidForms('switch', collection);
      await amidForms('reverse', collection);
      await board.banyan('diff', collection);
      await amidForms('switch', collection);
      await amidForms('complete', collection);
    }
  })();
  try {
    await Promise.race([moves, others.then(() => assert.fail('it ended too early'))]);
  } finally {
    people.forEach((person) => (person.stop = true));
  }
  await others;
  const [read, ...writers] = people;
  const written = writers.flatMap(({ texts }) => texts);
  assert.ok(read.pages > 10 && written.length > 2, `${read.pages} pages, ${written.length} texts`);
  const longest = Math.max(...writers.map(({ longest }) => longest));
  console.log(`${read.pages} pages read, ${3 * written.length} forms sent, the longest took ${longest} ms`);

  // Each text is stored once, at the services.
  for (const [collection, field] of [['threads', 'title'], ['posts', 'text']]) {
    const members = [];
    for (let next = `/api/${collection}?limit=1000`; next; ) {
      const answer = await fetch(`${board.url(collection)}${next}`);
      members.push(...(await answer.json()));
      next = answer.headers.get('link')?.match(/<([^>]+)>; rel="next"/)?.[1];
    }
    const stored = members.map((member) => member[field]).filter((text) => text.includes(' wrote '));
    assert.deepEqual(stored.sort(), written.slice().sort(), collection);
  }

  await board.banyan('stop', 'monolith');
  const page = await openPage(browser);
  for (const path of ['/', '/threads/2', '/users', '/users/1']) {
    await page.goto(`${home}${path}`);
  }
  checkFaults(page);
  await page.context().close();
});
