// The cases, by the name that each has in docs/your-application.md. A case gets a target, asserts what a client must see,
// and gives what it saw, without what has to differ between addresses.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { Readable } from "node:stream";
import { gunzipSync } from "node:zlib";

import { CookieJar } from "tough-cookie";
import { WebSocket } from "ws";

import { whole } from "./client.js";

const MIB = 1024 * 1024;
const FORM = { "Content-Type": "application/x-www-form-urlencoded" };
const JSON_TYPE = { "Content-Type": "application/json" };
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

// What a request was when it came to the application.
async function echo(target, path, options) {
    const answer = await target.ask(path, options);
    assert.equal(answer.status, 200);
    return JSON.parse(answer.body);
}

// The same URL at the application, wherever its clients find it.
async function sameUrl(target, path) {
    const { url } = await echo(target, path);
    assert.equal(url, path);
    return url;
}

// Follows one redirect as a browser does; gives the address that it leads to.
async function follow(target, path, by) {
    const answer = await target.ask(path);
    assert.ok([301, 302, 303, 307, 308].includes(answer.status), `${answer.status}`);
    const address = new URL(answer.headers.location, target.at(path)).href;
    assert.ok(address.startsWith(`${target.url}/`), `it leads away from ${target.url}, to ${address}`);
    const landed = await target.ask(address.slice(target.url.length));
    assert.equal(landed.body, `landed with ${by}`);
    return [answer.status, target.relative(address)];
}

// Sends and stores cookies as a browser does.
function browser(target) {
    const jar = new CookieJar(undefined, { allowSpecialUseDomain: true });
    return async (path, options = {}) => {
        const Cookie = await jar.getCookieString(target.at(path));
        const headers = Cookie ? { ...options.headers, Cookie } : options.headers;
        const answer = await target.ask(path, { ...options, headers });
        for (const cookie of answer.headers["set-cookie"] ?? []) await jar.setCookie(cookie, target.at(path));
        return answer;
    };
}

async function socket(target, options = {}) {
    const opened = new WebSocket(`${target.url.replace(/^http/, "ws")}/socket`, options.protocols ?? [], options);
    await once(opened, "open");
    return opened;
}

async function says(opened, data) {
    const answer = once(opened, "message");
    opened.send(data);
    return answer;
}

// Until the application has noted why a socket was closed.
async function closedWith(target, reason) {
    for (;;) {
        const noted = JSON.parse((await target.ask(`/closed?reason=${reason}`)).body);
        if (noted.length) return noted[0];
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
}

export const CASES = {
    "every method": async (target) => {
        const seen = {};
        for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "REPORT", "PURGE", "M-SEARCH"]) {
            const body = ["POST", "PUT", "PATCH", "DELETE"].includes(method) ? `body of ${method}` : undefined;
            const headers = body ? { "Content-Length": body.length } : {};
            const came = await echo(target, "/echo", { method, headers, body });
            assert.deepEqual([came.method, came.body], [method, body ?? ""]);
            seen[method] = came.body;
        }
        return seen;
    },
    "JSON and form bodies": async (target) => {
        const value = { name: "Bücher, \u{1F4DA}", list: [1, 2.5, null] };
        const json = await target.ask("/json", { method: "POST", headers: JSON_TYPE, body: JSON.stringify(value) });
        assert.deepEqual(JSON.parse(json.body), value);
        const form = await target.ask("/form", { method: "POST", headers: FORM, body: "a[b]=1&a[c]=two+words&d=%26&d=2" });
        assert.deepEqual(JSON.parse(form.body), { a: { b: "1", c: "two words" }, d: ["&", "2"] });
        const broken = await target.ask("/json", { method: "POST", headers: JSON_TYPE, body: "{" });
        assert.equal(broken.status, 400);
        return [json.body, form.body, json.headers["content-type"]];
    },
    "304 by ETag": async (target) => {
        const { headers, body } = await target.ask("/tagged");
        const again = await target.ask("/tagged", { headers: { "If-None-Match": headers.etag } });
        assert.deepEqual([again.status, again.body, again.headers.etag], [304, "", headers.etag]);
        const other = await target.ask("/tagged", { headers: { "If-None-Match": '"other"' } });
        assert.deepEqual([other.status, other.body], [200, body]);
        return headers.etag;
    },
    "304 by date": async (target) => {
        const { headers } = await target.ask("/static/style.css");
        const since = headers["last-modified"];
        const again = await target.ask("/static/style.css", { headers: { "If-Modified-Since": since } });
        assert.deepEqual([again.status, again.body], [304, ""]);
        const early = await target.ask("/static/style.css", { headers: { "If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT" } });
        assert.equal(early.status, 200);
        return [since, headers["cache-control"]];
    },
    "HEAD": async (target) => {
        const answer = await target.ask("/tagged", { method: "HEAD" });
        assert.deepEqual([answer.status, answer.body, answer.headers["content-length"]], [200, "", "15"]);
        return answer.headers.etag;
    },
    "Range": async (target) => {
        const seen = [];
        for (const [range, status] of [["bytes=5-9", 206], ["bytes=-5", 206], ["bytes=0-1,4-5", 200], ["bytes=999-", 416]]) {
            const answer = await target.ask("/static/style.css", { headers: { Range: range } });
            assert.equal(answer.status, status, range);
            seen.push([answer.headers["content-range"], answer.headers["accept-ranges"], status === 416 ? "" : answer.body]);
        }
        return seen;
    },
    "several Set-Cookie": async (target) => {
        const visit = browser(target);
        const answer = await visit("/cookies");
        assert.equal(answer.headers["set-cookie"].length, 3);
        const account = (await visit("/account/cookies")).body.split("; ").sort();
        assert.deepEqual(account, ["deep=3", "plain=1", "strict=two%20words"], "and the one of a path only below it");
        assert.ok(!JSON.stringify(await echo(target, "/echo")).includes("deep"));
        return account;
    },
    "session by cookie": async (target) => {
        const visit = browser(target);
        const nobody = await visit("/me");
        const login = await visit("/login", { method: "POST", headers: FORM, body: "user=ann" });
        assert.equal(login.status, 303);
        const after = new URL(login.headers.location, target.at("/login")).href;
        const somebody = await visit(after.slice(target.url.length));
        assert.deepEqual([nobody.body, somebody.body], ['{"user":null}', '{"user":"ann"}']);
        return target.relative(after);
    },
    "Basic and Bearer": async (target) => {
        const asked = await target.ask("/basic");
        assert.deepEqual([asked.status, asked.headers["www-authenticate"]], [401, 'Basic realm="shop"']);
        const basic = await target.ask("/basic", { headers: { Authorization: `Basic ${btoa("ann:pass:word")}` } });
        const bearer = await target.ask("/bearer", { headers: { Authorization: "Bearer a.b-c_d" } });
        assert.deepEqual([basic.body, bearer.body], ["hello ann", "hello token"]);
        return asked.body;
    },
    "CORS preflight": async (target) => {
        const Origin = "https://shop.example";
        const asks = { "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type,x-csrf" };
        const preflight = await target.ask("/shared", { method: "OPTIONS", headers: { Origin, ...asks } });
        assert.equal(preflight.status, 204);
        const put = await target.ask("/shared", { method: "PUT", headers: { Origin } });
        const allowed = (answer) => Object.entries(answer.headers).filter(([name]) => /^access-control|^vary/.test(name)).sort();
        assert.deepEqual([allowed(preflight).length, allowed(put).length], [7, 4]);
        return [allowed(preflight), allowed(put)];
    },
    "gzip": async (target) => {
        const answer = await target.ask("/zipped", { headers: { "Accept-Encoding": "gzip" } });
        assert.equal(answer.headers["content-encoding"], "gzip");
        const text = gunzipSync(answer.bytes).toString();
        assert.equal(text, (await target.ask("/zipped")).body);
        return [text.length, answer.headers.vary];
    },
    "absolute and relative redirects": async (target) => {
        const away = await target.ask("/redirect/away");
        assert.equal(away.headers.location, "https://elsewhere.example/landing");
        return [
            await follow(target, "/redirect/absolute", "absolute"),
            await follow(target, "/redirect/root", "root"),
            await follow(target, "/redirect/relative", "relative"),
        ];
    },
    "`force https` behind a TLS terminator": async (target) => {
        const visit = browser(target.secure);
        const secure = await visit("/secure");
        assert.deepEqual([secure.status, secure.body], [200, '{"protocol":"https"}']);
        assert.match(secure.headers["set-cookie"][0], /; Secure/);
        assert.equal((await visit("/me")).body, '{"user":"ann"}');
        const plain = await target.ask("/secure");
        assert.equal(plain.status, 308);
        const https = `https://${target.url.slice("http://".length)}/secure`;
        assert.equal(plain.headers.location, https);
        return await follow(target.secure, "/redirect/absolute", "absolute");
    },
    "12 KB headers": async (target) => {
        const came = await echo(target, "/echo", { headers: { "X-Long": "x".repeat(12 * 1024) } });
        assert.equal(came.long, 12 * 1024);
        const answer = await target.ask(`/long?bytes=${12 * 1024}`);
        assert.equal(answer.headers["x-long"].length, 12 * 1024);
        return came.long;
    },
    "30 MB upload": async (target) => {
        const body = Buffer.alloc(30 * MIB, "upload ");
        const put = JSON.parse((await target.ask("/upload", { method: "PUT", body })).body);
        assert.deepEqual([put.bytes, put.sha256], [body.length, sha256(body)]);
        const request = target.begin("/upload", { method: "PUT", headers: { "Transfer-Encoding": "chunked" } });
        const answer = once(request, "response");
        Readable.from(Array.from({ length: 30 }, (_, at) => body.subarray(at * MIB, (at + 1) * MIB))).pipe(request);
        assert.deepEqual(JSON.parse((await whole((await answer)[0])).body), put);
        return put;
    },
    "an upload by a form": async (target) => {
        const file = Buffer.alloc(30 * MIB, "file ");
        const form = new FormData();
        form.set("title", "Bündel 1");
        form.set("file", new Blob([file], { type: "application/zip" }), "bündel.zip");
        const encoded = new Response(form);
        const headers = { "Content-Type": encoded.headers.get("content-type") };
        const body = Buffer.from(await encoded.arrayBuffer());
        const answer = JSON.parse((await target.ask("/upload", { method: "POST", headers, body })).body);
        assert.deepEqual([answer.title, answer.bytes, answer.sha256], ["Bündel 1", file.length, sha256(file)]);
        return answer;
    },
    "30 MB download": async (target) => {
        const answer = await target.ask(`/download?bytes=${30 * MIB}`);
        assert.equal(answer.bytes.length, 30 * MIB);
        return [sha256(answer.bytes), answer.headers["content-disposition"], answer.headers["content-length"]];
    },
    "an answer after 40 s": async (target) => {
        const answer = await target.ask("/slow?seconds=40");
        assert.deepEqual([answer.status, answer.body], [200, "at last"]);
        return answer.body;
    },
    "server-sent events with 60 s of silence": async (target) => {
        const request = target.begin("/events?silence=60", { headers: { Accept: "text/event-stream" } });
        request.end();
        const [answer] = await once(request, "response");
        const parts = [];
        const times = [];
        for await (const part of answer) {
            parts.push(part.toString());
            times.push(Date.now());
        }
        assert.deepEqual(parts, ["id: 1\ndata: first\n\n", "id: 2\ndata: second\n\n"], "each event comes when it is sent");
        assert.ok(times[1] - times[0] > 59_000);
        return [answer.headers["content-type"], answer.headers["cache-control"]];
    },
    "WebSocket, text and binary": async (target) => {
        const opened = await socket(target, { protocols: ["chat.v2", "chat.v1"], headers: { Cookie: "a=1" } });
        assert.equal(opened.protocol, "chat.v2");
        const [text, isBinary] = await says(opened, "grüße");
        assert.deepEqual([text.toString(), isBinary], ["grüße", false]);
        const sent = Buffer.alloc(MIB, "bytes");
        const [bytes, binary] = await says(opened, sent);
        assert.deepEqual([sha256(bytes), binary], [sha256(sent), true]);
        const [cookie] = await says(opened, "cookie");
        assert.equal(cookie.toString(), "a=1");
        const pong = once(opened, "pong");
        opened.ping("are you there?");
        assert.equal((await pong)[0].toString(), "are you there?");
        opened.terminate();
        return opened.extensions;
    },
    "WebSocket close codes": async (target) => {
        const ours = await socket(target);
        const reason = crypto.randomUUID();
        const closed = once(ours, "close");
        ours.close(4001, reason);
        assert.equal((await closedWith(target, reason)).code, 4001);
        assert.equal((await closed)[0], 4001);
        const theirs = await socket(target);
        theirs.send("close");
        const [code, why] = await once(theirs, "close");
        assert.deepEqual([code, why.toString()], [4002, "as you wish"]);
        return code;
    },
    "encoded slashes and spaces": async (target) => [
        await sameUrl(target, "/echo/a%2Fb/c%20d/e+f/%C3%BC/100%25"),
        await sameUrl(target, "/echo/a%2fb//c/~d/e%7Ef/%41"),
    ],
    "duplicate query keys, `;` and `[]`": async (target) => [
        await sameUrl(target, "/echo?a=1&a=2&b&c=&=d&a=3"),
        await sameUrl(target, "/echo/x;v=1/y;z?ids[]=1&ids[]=2&m;n=1&o[p][q]=r"),
        await sameUrl(target, "/echo?a=%26&b=c%20d+e&url=http://x/?y"),
    ],
    "the segment `-`": async (target) => await sameUrl(target, "/echo/-/x/-"),
    "pages with relative links and static files": async (target) => {
        const { body } = await target.ask("/pages/first");
        const found = {};
        for (const [, link] of body.matchAll(/href="([^"]+)"/g)) {
            const address = new URL(link, target.at("/pages/first")).href;
            found[target.relative(address)] = (await target.ask(address.slice(target.url.length))).body;
        }
        assert.deepEqual(Object.values(found), ["body { color: #234; }\n", "second, from first"]);
        return found;
    },
    "`Expect: 100-continue`": async (target) => {
        const begin = (path, method) => target.begin(path, { method, headers: { Expect: "100-continue", "Content-Length": 4 } });
        const wanted = begin("/echo", "POST");
        const answer = once(wanted, "response");
        const went = once(wanted, "continue");
        wanted.flushHeaders();
        await went;
        wanted.end("body");
        const { body } = JSON.parse((await whole((await answer)[0])).body);
        assert.equal(body, "body");
        // The application answers at once, and no body is asked for.
        const unwanted = begin("/shared", "PUT");
        const refusal = once(unwanted, "response");
        unwanted.on("continue", () => assert.fail("no body was asked for"));
        unwanted.flushHeaders();
        const [{ statusCode }] = await refusal;
        unwanted.destroy();
        assert.equal(statusCode, 200);
        return [body, statusCode];
    },
    "trailers (they end at the proxy, as RFC 9110, 6.5.1 allows)": async (target) => {
        const answer = await target.ask("/trailers");
        assert.equal(answer.body, "a body, and its end");
        const request = target.begin("/upload", { method: "PUT", headers: { Trailer: "X-Checksum" } });
        const put = once(request, "response");
        request.write("a body");
        request.addTrailers({ "X-Checksum": "def" });
        request.end();
        const { bytes, trailers } = JSON.parse((await whole((await put)[0])).body);
        const [came, went] = target.direct ? ["abc", "def"].map((sum) => ({ "x-checksum": sum })) : [{}, {}];
        assert.deepEqual([answer.trailers, trailers], [came, went]);
        return bytes;
    },
    "the application's own 421": async (target) => {
        const answer = await target.ask("/misdirected");
        assert.deepEqual([answer.status, answer.body], [421, "my own 421"]);
        return answer.body;
    },
    "HTTP/2 in front": async (target) => {
        const get = await target.askHttp2("/echo/a%2Fb?c=1&c=2", { headers: { "x-long": "x".repeat(1000) } });
        const { url, long } = JSON.parse(get.body);
        assert.deepEqual([get.status, url, long], [200, "/echo/a%2Fb?c=1&c=2", 1000]);
        const headers = { ":method": "POST", "content-type": "application/json" };
        const post = await target.askHttp2("/json", { headers, body: '{"two":2}' });
        assert.equal(post.body, '{"two":2}');
        const cookies = await target.askHttp2("/cookies");
        assert.equal(cookies.headers["set-cookie"].length, 3);
        return url;
    },
};
