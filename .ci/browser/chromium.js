// Debian's Chromium, and pages in it that are watched for faults.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';

/** Every look that a page must have: both themes, on a phone and on a desk. */
export const LOOKS = ['light', 'dark'].flatMap((theme) => [360, 1280].map((width) => ({ theme, width })));

/** Starts the browser. Close it with `close()`. */
export function startChromium() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium' });
}

/**
 * A new page with cookies of its own: 1,280 pixels wide, light, with scripts, unless the options say otherwise. Closing
 * `page.context()` closes it. `page.faults` lists what went wrong on it: messages of the console, requests that
 * failed or went to another host, and answers with an error status.
 */
export async function openPage(browser, { width = 1280, theme = 'light', scripts = true, ...others } = {}) {
  const context = await browser.newContext({
    viewport: { width, height: 800 },
    colorScheme: theme,
    javaScriptEnabled: scripts,
    ...others,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.faults = [];
  const fault = (text) => page.faults.push(text);
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) fault(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => fault(`script: ${error.message}`));
  page.on('requestfailed', (request) => {
    // A page that is left ends its stream of events.
    const reason = request.failure()?.errorText;
    if (reason !== 'net::ERR_ABORTED') fault(`${request.method()} ${request.url()}: ${reason}`);
  });
  page.on('request', (request) => {
    const host = new URL(request.url()).hostname;
    if (!['127.0.0.1', ''].includes(host)) fault(`a request to another host: ${request.url()}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) fault(`${response.status()} ${response.request().method()} ${response.url()}`);
  });
  return page;
}

/** Fails if anything went wrong on the page. Faults that match one of `expected` must be there, and are forgotten. */
export function checkFaults(page, ...expected) {
  const others = page.faults.filter((fault) => !expected.some((pattern) => pattern.test(fault)));
  assert.deepEqual(others, [], page.url());
  for (const pattern of expected) {
    assert.ok(page.faults.some((fault) => pattern.test(fault)), `${pattern} did not happen on ${page.url()}`);
  }
  page.faults.length = 0;
}

/** The whole page as NAME.png in the folder `SCREENSHOTS`. */
export async function screenshot(page, name, options = {}) {
  const folder = process.env.SCREENSHOTS ?? path.join(tmpdir(), 'banyan-screenshots');
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true, ...options });
}
