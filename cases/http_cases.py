"""HTTP: at the proxy, at the programs, and behind the proxy."""

import http.client
import json
import os
import random
import re
import socket
import subprocess
import sys
import threading
import time

from lib import INPUTS, JSON, http_file, raw, send, status, text


def b1(board):
    """A protocol that the server does not speak is no reason to refuse a request."""
    for name in ("B1.tls.http", "B1.list.http"):
        for port in (board.port("proxy"), board.port("monolith")):
            answer = raw(port, http_file(name), 1)
            assert status(answer) == 200, (name, answer)
            assert "connection: upgrade" not in answer.lower(), answer
    for place in ("proxy", "monolith"):
        bytes_ = http_file("B1.direct-websocket-post.http").replace(b"ups1", f"up{place[:2]}".encode())
        answer = raw(board.port(place), bytes_, 5)
        assert status(answer) == 201, (place, answer)


def b2(board):
    """A path with empty segments goes where the path without them goes, for reads and for writes."""
    board.run("diff", "users")
    board.run("switch", "users")
    connection = http.client.HTTPConnection("127.0.0.1", board.port("proxy"))
    for number in range(60):
        for path in ("//users/3", "///users/3", "/users//3", "/users/3/"):
            name = f"Fresh {number} {len(path)}"
            connection.request("PATCH", "/api/users/3", json.dumps({"name": name}), JSON)
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            answer.read()
            connection.request("GET", f"/api{path}")
            answer = connection.getresponse()
            found = answer.read()
            assert answer.status == 400 or json.loads(found).get("name") == name, (path, answer.status, found)
    code, _, said = send(f"{board.proxy}//users", "POST", '{"username":"slashes","name":"x"}', JSON)
    assert code in (201, 400, 404), (code, said)
    board.run("stop", "monolith")
    code, _, said = send(f"{board.proxy}//users/1")
    board.run("start", "monolith")
    assert code in (200, 400, 404), (code, said)
    board.run("reverse", "users")


def b4(board):
    """Padded chunk sizes are read; what is no number is refused."""
    url = board.upstream("chunks")
    for good in ("blank", "tab", "ext", "quoted", "zeros"):
        code, _, body = send(f"{url}/case/{good}")
        assert (code, body) == (200, b"hello"), (good, code, body)
    for bad in ("lead", "mid", "hex"):
        try:
            code, _, body = send(f"{url}/case/{bad}")
            assert code != 200 or body != b"hello", (bad, body)
        except (http.client.HTTPException, OSError):
            pass


def b5(board):
    """An answer without a body that has one all the same gives nothing to the next client."""
    url = board.upstream("nobody")
    for frame in ("cl", "te"):
        for when in ("now", "soon", "late"):
            for number in range(5):
                assert send(f"{url}/case/204/{frame}/{when}")[0] in (204, 502)
                for client in range(3):
                    code, _, body = send(f"{url}/other", headers={"User-Agent": f"c{client}"})
                    assert (code, body) == (200, b"ok\n"), (frame, when, number, code, body)


def b6(board):
    """The authority is checked in every form of a request."""
    expected = {"no-host": 400, "bad-host": 400, "no-authority": 400, "port-only": 400, "port-is-text": 400}
    for name, code in expected.items():
        answer = raw(board.port("proxy"), http_file(f"B6.{name}.http"))
        assert status(answer) == code, (name, answer)
    answer = raw(board.port("monolith"), http_file("B6.direct-userinfo.http"))
    assert status(answer) == 400, answer


def b9(board):
    """An upload that is refused early has its answer."""
    url = board.upstream("early")
    body = b"\0" * 8_388_608
    for _ in range(10):
        said = subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Expect:", "--data-binary",
                               "@-", f"{url}/case/polite"], input=body, capture_output=True)
        assert said.stdout == b"400", said
    script = os.path.join(INPUTS, "B9.h2.py")
    said = subprocess.run([sys.executable, script, "127.0.0.1", str(board.port("proxy")), "/api/early/case/polite",
                           "8388608"], capture_output=True, text=True, timeout=60)
    assert "the answer is complete" in said.stdout, said.stdout


def b10(board):
    """A client that has sent everything and closed its half has its answer, during a switch too."""
    port, stop, silent = board.port("proxy"), threading.Event(), []

    def client(number):
        turn = random.Random(number)
        count = 0
        while not stop.is_set():
            count += 1
            body = json.dumps({"username": f"half-{number}-{count}", "name": "x"}).encode()
            with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
                connection.sendall(b"POST /api/users HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                                   b"Content-Length: %d\r\n\r\n" % len(body) + body)
                time.sleep(turn.choice([0.001, 0.002, 0.004]))
                connection.shutdown(socket.SHUT_WR)
                got = b""
                while more := connection.recv(65536):
                    got += more
            if not got.startswith(b"HTTP/1.1 201"):
                silent.append(got[:80])

    clients = [threading.Thread(target=client, args=(number,)) for number in range(4)]
    for it in clients:
        it.start()
    try:
        for _ in range(3):
            board.run("switch", "users", "--force")
            board.run("reverse", "users")
    finally:
        stop.set()
        for it in clients:
            it.join()
    assert not silent, silent[:5]


def d1(board):
    """A charset that changes nothing is no reason to refuse a body."""
    for kind, good in [("application/json; charset=utf8", True), ('application/json; charset="utf8"', True),
                       ("application/json; charset=UTF8", True), ("application/json; charset=us-ascii", True),
                       ("application/merge-patch+json; charset=utf8", True), ("application/json; charset=utf-8", True),
                       ("application/json; charset=ISO-8859-1", False)]:
        code, _, said = send(f"{board.proxy}/users/3", "PATCH", '{"name":"Typed"}', {"Content-Type": kind})
        assert code == (200 if good else 415), (kind, code, said)


def d2(board):
    """Text with the line ends of any system is taken."""
    code, _, said = send(f"{board.proxy}/posts", "POST", text("D2.post.json"), JSON)
    assert code == 201, (code, said)
    number = json.loads(said)["id"]
    code, _, said = send(f"{board.proxy}/posts/{number}", "PATCH", text("D2.patch.json"), JSON)
    assert code == 200 and json.loads(said)["text"].split() == ["one", "two"], (code, said)
    code, _, said = send(f"{board.proxy}/users/3", "PATCH", text("D2.bio.json"), JSON)
    assert code == 200, (code, said)


def e5(board):
    """A scraper gets the text format that it asks for."""
    for url in (board.urls["monolith"], board.urls["refactor"]):
        for accept, expected in [("text/plain;version=0.0.4", "text/plain"), ("*/*", "text/plain"), (None, "text/plain"),
                                 ("application/openmetrics-text;q=0", "text/plain"),
                                 ("application/openmetrics-text;version=1.0.0", "application/openmetrics-text")]:
            code, fields, body = send(f"{url}/metrics", headers={"Accept": accept} if accept else {})
            assert code == 200 and fields["Content-Type"].startswith(expected), (url, accept, fields["Content-Type"])
            if expected == "text/plain":
                newer = re.search(rb"^# EOF|^# TYPE \S+ (info|unknown|stateset)$", body, re.M)
                assert not newer, (url, accept, newer)


CASES = [b1, b2, b4, b5, b6, b9, b10, d1, d2, e5]
