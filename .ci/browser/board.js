// A board of its own for a test: `banyan up` on free ports, in a temporary folder.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** The binary under test: `BANYAN`, or what `cargo build --release` makes. */
const binary = path.resolve(root, process.env.BANYAN ?? 'target/release/banyan');
/** How long `banyan up` may take to start, and to stop, in milliseconds. */
const PATIENCE_MS = 60_000;

/** A board whose programs are all ready. */
export class Board {
  /** Starts it, with these additional variables in its environment. */
  static async start(environment = {}) {
    const folder = await mkdtemp(path.join(tmpdir(), 'banyan-'));
    const data = path.join(folder, 'data');
    const options = { cwd: folder, env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] };
    const child = spawn(binary, ['up', '--port-base', '0', '--data-dir', data], options);
    const board = new Board();
    Object.assign(board, { folder, data, child, printed: '', ended: once(child, 'exit') });
    child.stderr.on('data', (text) => (board.printed += text));
    const up = new Promise((resolve, reject) => {
      child.stdout.on('data', (text) => {
        board.printed += text;
        if (board.printed.includes('Ctrl-C stops everything.')) resolve();
      });
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`banyan up ended with ${code}:\n${board.printed}`)));
    });
    try {
      await within(PATIENCE_MS, up, () => `banyan up is not ready:\n${board.printed}`);
    } catch (error) {
      await board.stop();
      throw error;
    }
    return board;
  }

  /** The URL of a program by its name in the table: `monolith`, `users`, `refactor`, `web`. */
  url(program) {
    return this.#find(program, `${program} +(http://\\S+) +ready`);
  }

  /** The URL of a page that `banyan up` names first: `board`, `console`. */
  page(name) {
    return this.#find(name, `${name} +(http://\\S+)$`);
  }

  /** The URL at which the proxy takes traffic, without `/api`. */
  get proxy() {
    return this.#find('the proxy', '(http://\\S+)/api +->');
  }

  /** The id of the process of a program by its name (Linux). */
  pid(program) {
    const tasks = `/proc/${this.child.pid}/task`;
    const children = readdirSync(tasks).flatMap((task) => readFileSync(`${tasks}/${task}/children`, 'utf8').split(' '));
    const runs = (pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(program);
    const found = children.filter((pid) => pid).find(runs);
    if (!found) throw new Error(`${program} does not run`);
    return Number(found);
  }

  #find(what, pattern) {
    const found = this.printed.match(new RegExp(`^ +${pattern}`, 'm'));
    if (!found) throw new Error(`banyan up did not print ${what}:\n${this.printed}`);
    return found[1];
  }

  /** Runs a command of `banyan` on this board, such as `banyan('switch', 'users')`: what it prints. */
  banyan(...words) {
    return new Promise((resolve, reject) => {
      execFile(binary, [...words, '--data-dir', this.data], { cwd: this.folder }, (error, out, err) => {
        if (error) reject(new Error(`banyan ${words.join(' ')}: ${out}${err}`));
        else resolve(out);
      });
    });
  }

  /** The link that `banyan console` prints: it signs in once. */
  async link(...words) {
    const printed = await this.banyan('console', ...words);
    return printed.match(/^http:\S+$/m)[0];
  }

  /** Stops all programs and deletes the folder. */
  async stop() {
    this.child.kill('SIGTERM');
    try {
      await within(PATIENCE_MS, this.ended, () => `banyan up does not stop:\n${this.printed}`);
    } finally {
      // The programs end with it.
      this.child.kill('SIGKILL');
      await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
    }
  }
}

/** What `promise` gives; an error if that takes longer. */
async function within(milliseconds, promise, message) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(message())), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
