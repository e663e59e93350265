// The application's own tests, against each address that is given: `node test.js [--only TEXT] [--page FILE] URL...`
//
// The first address is the application itself. Each case asserts what a client must see, and gives what it saw; that must be
// the same at every address. An address may be `NAME=URL`, and a path in it is the application's root there. With --page, the
// page must have a row for each case. Exits 1 if anything is wrong.
import { readFileSync } from "node:fs";
import assert from "node:assert/strict";
import { parseArgs } from "node:util";

import { CASES } from "./cases.js";
import { Target } from "./client.js";
import { terminator } from "./terminator.js";

const { values: options, positionals } = parseArgs({
    options: { only: { type: "string", default: "" }, page: { type: "string" } },
    allowPositionals: true,
});

const servers = [];
const targets = await Promise.all(positionals.map(async (given, index) => {
    const [, name, address] = /^(?:([\w-]+)=)?(.*)$/.exec(given);
    const url = address.replace(/\/$/, "");
    const { origin, pathname } = new URL(url);
    const server = await terminator(origin);
    servers.push(server);
    const tls = `https://127.0.0.1:${server.address().port}${pathname.replace(/\/$/, "")}`;
    // Express speaks no HTTP/2 itself: what stands in front of it does.
    const direct = index === 0;
    return { name: name ?? url, target: new Target({ url, tls, http2: direct ? tls : url, direct }) };
}));
if (targets.length === 0) throw new Error("no address to test");

const names = Object.keys(CASES).filter((name) => name.includes(options.only));
const results = await Promise.all(names.map(async (name) => {
    const runs = await Promise.allSettled(targets.map(({ target }) => CASES[name](target)));
    const [direct] = runs;
    return runs.map((run) => {
        if (run.status === "rejected") return run.reason;
        try {
            assert.deepEqual(run.value, direct.value, "not what the first address gives");
        } catch (error) {
            return error;
        }
    });
}));

let failed = 0;
for (const [index, name] of names.entries()) {
    const marks = results[index].map((error, at) => `${error ? "FAILS" : "ok"} ${targets[at].name}`);
    console.log(`${name}: ${marks.join(", ")}`);
    for (const [at, error] of results[index].entries()) {
        if (!error) continue;
        failed += 1;
        console.log(`    ${targets[at].name}: ${error.stack ?? error}`.replaceAll("\n", "\n    "));
    }
}
console.log(`${names.length} cases at ${targets.length} addresses, ${failed} failed`);

if (options.page) {
    const page = readFileSync(options.page, "utf8");
    const missing = names.filter((name) => !page.includes(`\n| ${name} |`));
    for (const name of missing) console.log(`${options.page} has no row for: ${name}`);
    failed += missing.length;
}
process.exit(failed ? 1 : 0);
