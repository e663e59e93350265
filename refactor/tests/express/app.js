// A usual Express application: sessions, forms, uploads, redirects, static files, server-sent events, WebSockets.
// It knows nothing of the proxy, and believes a proxy on the same machine, as it would behind any load balancer.
// HOST and PORT say where it listens: 127.0.0.1, and any free port, which it prints.
import { createHash } from "node:crypto";
import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import compression from "compression";
import cors from "cors";
import express from "express";
import session from "express-session";
import multer from "multer";
import { WebSocketServer } from "ws";

const app = express();
app.set("trust proxy", "loopback");
app.use(compression({ filter: (request, answer) => request.path === "/zipped" && compression.filter(request, answer) }));

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

// What came in, as it was sent.
app.use("/echo", express.raw({ type: () => true, limit: "1mb" }), (request, answer) => {
    const { method, originalUrl, query } = request;
    const body = Buffer.isBuffer(request.body) ? request.body.toString() : "";
    answer.json({ method, url: originalUrl, query, body, long: request.get("x-long")?.length ?? 0 });
});
app.post("/json", express.json(), (request, answer) => answer.json(request.body));
app.post("/form", express.urlencoded({ extended: true }), (request, answer) => answer.json(request.body));

app.use("/static", express.static(fileURLToPath(new URL("static", import.meta.url))));
app.get("/pages/first", (request, answer) => {
    answer.send('<!doctype html><link rel="stylesheet" href="../static/style.css"><a href="second?from=first">on</a>');
});
app.get("/pages/second", (request, answer) => answer.send(`second, from ${request.query.from}`));
// Express makes an ETag of the body.
app.get("/tagged", (request, answer) => answer.send("always the same"));
app.get("/zipped", (request, answer) => answer.type("text").send("again and again, ".repeat(4096)));

app.get("/cookies", (request, answer) => {
    answer.cookie("plain", "1");
    answer.cookie("strict", "two words", { httpOnly: true, sameSite: "strict", maxAge: 3_600_000 });
    answer.cookie("deep", "3", { path: "/account" });
    answer.send("set");
});
app.get("/account/cookies", (request, answer) => answer.send(request.get("cookie") ?? ""));

const sessions = session({ secret: "of these tests", resave: false, saveUninitialized: false, cookie: { secure: "auto" } });
app.post("/login", sessions, express.urlencoded({ extended: false }), (request, answer) => {
    request.session.user = request.body.user;
    answer.redirect(303, "/me");
});
app.get("/me", sessions, (request, answer) => answer.json({ user: request.session.user ?? null }));

app.get("/basic", (request, answer) => {
    const sent = request.get("authorization") === `Basic ${Buffer.from("ann:pass:word").toString("base64")}`;
    if (!sent) return answer.status(401).set("WWW-Authenticate", 'Basic realm="shop"').send("who are you?");
    answer.send("hello ann");
});
app.get("/bearer", (request, answer) => {
    if (request.get("authorization") !== "Bearer a.b-c_d") return answer.status(401).set("WWW-Authenticate", "Bearer").end();
    answer.send("hello token");
});
app.use("/shared", cors({ origin: "https://shop.example", credentials: true, maxAge: 600, exposedHeaders: "X-Total" }));
app.put("/shared", (request, answer) => answer.set("X-Total", "7").send("put"));

app.get("/landing", (request, answer) => answer.send(`landed with ${request.query.by}`));
app.get("/redirect/absolute", (request, answer) => answer.redirect(`${request.protocol}://${request.get("host")}/landing?by=absolute`));
app.get("/redirect/root", (request, answer) => answer.redirect("/landing?by=root"));
app.get("/redirect/relative", (request, answer) => answer.redirect("../landing?by=relative"));
app.get("/redirect/away", (request, answer) => answer.redirect("https://elsewhere.example/landing"));
// "Force https", as it is written for any load balancer that ends TLS.
app.get("/secure", sessions, (request, answer) => {
    if (!request.secure) return answer.redirect(308, `https://${request.host}${request.originalUrl}`);
    request.session.user = "ann";
    answer.json({ protocol: request.protocol });
});

app.get("/long", (request, answer) => answer.set("X-Long", "x".repeat(request.query.bytes)).end());
app.get("/misdirected", (request, answer) => answer.status(421).send("my own 421"));
app.get("/slow", async (request, answer) => {
    await sleep(request.query.seconds * 1000);
    answer.send("at last");
});

// Uploads: the body as it is, and forms with files.
app.put("/upload", async (request, answer) => {
    const hash = createHash("sha256");
    let bytes = 0;
    for await (const part of request) {
        hash.update(part);
        bytes += part.length;
    }
    answer.json({ bytes, sha256: hash.digest("hex"), trailers: request.trailers });
});
const files = multer({ storage: multer.memoryStorage() });
app.post("/upload", files.single("file"), (request, answer) => {
    const { originalname: name, mimetype: type, size: bytes, buffer } = request.file;
    answer.json({ title: request.body.title, name, type, bytes, sha256: sha256(buffer) });
});
app.get("/download", (request, answer) => answer.attachment("Bündel.bin").send(Buffer.alloc(+request.query.bytes, "0123456789")));

app.get("/trailers", (request, answer) => {
    answer.set("Trailer", "X-Checksum").write("a body, ");
    answer.addTrailers({ "X-Checksum": "abc" });
    answer.end("and its end");
});
app.get("/events", async (request, answer) => {
    answer.type("text/event-stream").set("Cache-Control", "no-cache");
    answer.write("id: 1\ndata: first\n\n");
    await sleep(request.query.silence * 1000);
    answer.end("id: 2\ndata: second\n\n");
});

const server = http.createServer({ maxHeaderSize: 64 * 1024 }, app);
// What a program has to do to refuse, or allow, a body before it comes.
server.on("checkContinue", (request, answer) => {
    if (request.url.startsWith("/echo")) answer.writeContinue();
    app(request, answer);
});

const sockets = new WebSocketServer({ server, path: "/socket", handleProtocols: (offered) => [...offered][0] ?? false });
const closed = [];
sockets.on("connection", (socket, request) => {
    socket.on("message", (data, binary) => {
        if (!binary && data.toString() === "close") return socket.close(4002, "as you wish");
        if (!binary && data.toString() === "cookie") return socket.send(request.headers.cookie ?? "");
        socket.send(data, { binary });
    });
    socket.on("close", (code, reason) => closed.push({ code, reason: reason.toString() }));
});
app.get("/closed", (request, answer) => answer.json(closed.filter((close) => close.reason === request.query.reason)));

server.requestTimeout = 0;
server.listen(process.env.PORT ?? 0, process.env.HOST ?? "127.0.0.1", () => {
    console.log(`http://${server.address().address}:${server.address().port}`);
});
