// A load balancer that ends TLS, as an AWS Application Load Balancer does: HTTP/1.1 and HTTP/2 come in, HTTP/1.1 goes on
// with the client's Host, `X-Forwarded-Proto`, `X-Forwarded-Port` and `X-Forwarded-For`.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import http2 from "node:http2";
import { tmpdir } from "node:os";
import path from "node:path";
import { pipeline } from "node:stream";

// Gives the server, which listens on a port of its own and leads to `origin`.
export async function terminator(origin) {
    const behind = new URL(origin);
    const agent = new http.Agent({ keepAlive: true });
    const server = http2.createSecureServer({ ...certificate(), allowHTTP1: true }, (request, answer) => {
        const headers = {};
        for (const [name, value] of Object.entries(request.headers)) {
            if (!name.startsWith(":") && !["connection", "keep-alive", "transfer-encoding"].includes(name)) headers[name] = value;
        }
        headers.host = request.headers[":authority"] ?? request.headers.host;
        headers["x-forwarded-for"] = request.socket.remoteAddress;
        headers["x-forwarded-proto"] = "https";
        headers["x-forwarded-port"] = `${request.socket.localPort}`;
        const { method, url } = request;
        const onward = http.request({ agent, host: behind.hostname, port: behind.port, method, path: url, headers });
        onward.on("response", (received) => {
            const { connection, "keep-alive": idle, "transfer-encoding": coding, ...rest } = received.headers;
            answer.writeHead(received.statusCode, rest);
            pipeline(received, answer, () => {});
        });
        onward.on("error", (error) => answer.headersSent ? answer.destroy() : answer.writeHead(502).end(`${error}`));
        pipeline(request, onward, () => {});
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return server;
}

let made;

function certificate() {
    if (made) return made;
    const folder = mkdtempSync(path.join(tmpdir(), "express-"));
    try {
        const [key, cert] = ["key.pem", "cert.pem"].map((name) => path.join(folder, name));
        const named = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
        const kind = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"];
        execFileSync("openssl", [...kind, ...named, "-keyout", key, "-out", cert], { stdio: "ignore" });
        made = { key: readFileSync(key), cert: readFileSync(cert) };
        return made;
    } finally {
        rmSync(folder, { recursive: true });
    }
}
