// What the cases ask with. It shows answers as they come: it follows no redirect, decodes nothing and adds no header.
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";

const ANY_CERTIFICATE = { rejectUnauthorized: false };
const agents = {
    "http:": new http.Agent({ keepAlive: true }),
    "https:": new https.Agent({ keepAlive: true, ...ANY_CERTIFICATE }),
};

// The application as a client sees it: at `url`, which may have a path, and over TLS at `tls`.
export class Target {
    // `http2` is an address that speaks HTTP/2. `direct`: there is no proxy in between.
    constructor({ url, tls, http2, direct }) {
        Object.assign(this, { url, tls, http2, direct });
    }

    // The same application, over TLS.
    get secure() {
        return new Target({ ...this, url: this.tls });
    }

    // A path of the application behind this address: it is sent as it stands here.
    at(path) {
        return this.url + path;
    }

    // An address of the application without what differs between targets.
    relative(address) {
        for (const base of [this.tls, this.url]) {
            if (address.startsWith(`${base}/`)) return `${base === this.tls ? "TLS" : ""}${address.slice(base.length)}`;
        }
        return address;
    }

    // Sends a request; gives status, headers, raw headers, body and trailers.
    async ask(path, { method = "GET", headers = {}, body } = {}) {
        const request = this.begin(path, { method, headers });
        const answer = once(request, "response");
        request.end(body);
        return whole((await answer)[0]);
    }

    // A request whose body is still to be sent.
    begin(path, { method = "GET", headers = {} } = {}) {
        const address = new URL(this.url);
        const { request } = address.protocol === "https:" ? https : http;
        const begun = request({
            agent: agents[address.protocol],
            host: address.hostname,
            port: address.port,
            path: address.pathname.replace(/\/$/, "") + path,
            method,
            headers,
            maxHeaderSize: 64 * 1024,
        });
        // Whatever waits for the answer gets the error too; one that comes after the answer is none.
        return begun.on("error", () => {});
    }

    // The same over HTTP/2.
    async askHttp2(path, { headers = {}, body } = {}) {
        const address = new URL(this.http2);
        const session = http2.connect(address.origin, ANY_CERTIFICATE);
        try {
            const stream = session.request({ ...headers, ":path": address.pathname.replace(/\/$/, "") + path });
            const answer = once(stream, "response");
            stream.end(body);
            const [received] = await answer;
            return { status: received[":status"], headers: received, body: await text(stream) };
        } finally {
            session.close();
        }
    }
}

export async function whole(answer) {
    const body = await bytes(answer);
    const { statusCode: status, headers, rawHeaders: raw, trailers } = answer;
    return { status, headers, raw, body: body.toString(), bytes: body, trailers };
}

async function bytes(stream) {
    const parts = [];
    for await (const part of stream) parts.push(part);
    return Buffer.concat(parts);
}

const text = async (stream) => (await bytes(stream)).toString();
