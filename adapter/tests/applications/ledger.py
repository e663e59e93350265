#!/usr/bin/env python3
"""Clients that write and read one resource of an application, and keep a ledger of every answer.

    ledger.py http://127.0.0.1:8080/api/posts --seconds 20
    ledger.py http://127.0.0.1:8080/v1/buckets/shop/collections/products/records --kinto --seconds 20

Each client makes, changes, reads and deletes rows of its own. What it was answered must be there in its next read, and
at the end. Without --seconds it ends with SIGINT or SIGTERM. It prints one line of counts and times. Exit code 1 if a
request failed, or if a row is lost, doubled, undone or stale.
"""

import argparse
import http.client
import json
import random
import signal
import statistics
import sys
import threading
import time
import urllib.parse
import urllib.request


class Board:
    """The message board: rows as they are, pages by key."""

    MADE = {
        "users": lambda mark: {"username": mark, "name": f"User {mark}", "bio": 'it\'s "quoted" \\ ünï'},
        "threads": lambda mark: {"title": mark, "created_by": 1, "tags": ["a", 'b"c', ""]},
        "posts": lambda mark: {"thread": 1, "author": 2, "text": mark, "meta": {"mark": mark, "n": 1.5}},
    }
    # What asks a client to send its request again.
    AGAIN = ()
    TEXT = {"users": "bio", "threads": "title", "posts": "text"}

    def __init__(self, path):
        self.table = path.rsplit("/", 1)[1]

    def made(self, mark):
        return self.MADE[self.table](mark)

    def changed(self, mark):
        return {self.TEXT[self.table]: mark}

    def row(self, answer):
        return answer

    def page(self, url, rows):
        page = fetch(f"{url}?after={max(rows, default=0)}")
        return page, bool(page)


class Kinto:
    """Kinto: a row inside `data`, one page. It answers 409 if two writes get the same time."""

    AGAIN = (409,)

    def __init__(self, path):
        pass

    def made(self, mark):
        return {"data": {"mark": mark, "n": 1.5, "list": ["a", None]}}

    changed = made

    def row(self, answer):
        return answer["data"]

    def page(self, url, rows):
        return fetch(url)["data"], False


def fetch(url):
    with urllib.request.urlopen(url, timeout=60) as answer:
        return json.load(answer)


def stored(url, application):
    """Every row, page by page."""
    rows, more = {}, True
    while more:
        page, more = application.page(url, rows)
        for row in page:
            if row["id"] in rows:
                sys.exit(f"twice in a list: {row['id']}")
            rows[row["id"]] = row
    return rows


class Client(threading.Thread):
    def __init__(self, url, application, mark, pause, stop):
        super().__init__()
        self.url, self.application, self.mark, self.pause, self.stop = url, application, mark, pause, stop
        self.rows, self.gone, self.wrong, self.count, self.writes = {}, set(), [], 0, []
        self.cookies = {}

    def ask(self, method, path="", body=None):
        """The status and the row of the answer; None for both if it failed."""
        self.count += 1
        begun = time.monotonic()
        connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=60)
        try:
            headers = {"Content-Type": "application/json"}
            # A client that keeps its cookies sees its own writes.
            if self.cookies:
                headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            connection.request(method, self.url.path + path, body and json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
        except OSError as error:
            self.wrong.append(f"{method} {path}: {error!r}")
            return None, None
        finally:
            connection.close()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, value = cookie.split(";")[0].split("=", 1)
            self.cookies[name] = value
        if answer.status in self.application.AGAIN:
            return self.ask(method, path, body)
        if method != "GET":
            self.writes.append(time.monotonic() - begun)
        if answer.status >= 400 and (answer.status, method) != (404, "GET"):
            self.wrong.append(f"{method} {path}: {answer.status} {text[:200]!r}")
            return None, None
        return answer.status, self.application.row(json.loads(text)) if text and answer.status < 400 else None

    def look(self, key):
        """What was answered must be there."""
        status, row = self.ask("GET", f"/{key}")
        if status and row != self.rows.get(key):
            self.wrong.append(f"stale {key}: {status} {row}, wanted {self.rows.get(key)}")

    def change(self, number):
        key = random.choice(list(self.rows))
        if number % 6:
            status, row = self.ask("PATCH", f"/{key}", self.application.changed(f"{self.mark} changed {number}"))
            if status:
                self.rows[key] = row
        else:
            status, _ = self.ask("DELETE", f"/{key}")
            if status:
                del self.rows[key]
                self.gone.add(key)
        if status:
            self.look(key)

    def run(self):
        number = 0
        while not self.stop.is_set():
            number += 1
            _, row = self.ask("POST", "", self.application.made(f"{self.mark}-{number}"))
            if row:
                if row["id"] in self.rows or row["id"] in self.gone:
                    self.wrong.append(f"doubled {row['id']}")
                self.rows[row["id"]] = row
                self.look(row["id"])
            if self.rows:
                self.change(number)
            self.stop.wait(self.pause)

    def compare(self, there):
        for key, row in self.rows.items():
            if there.get(key) != row:
                self.wrong.append(f"lost or undone {key}: {there.get(key)}, wanted {row}")
        self.wrong += [f"deleted and there {key}" for key in self.gone if key in there]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--kinto", action="store_true", help="the application is Kinto")
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--pause", type=float, default=0.01, help="seconds between two rounds of a client")
    parser.add_argument("--seconds", type=float, help="how long; without it until a signal")
    asked = parser.parse_args()
    url, mark, stop = urllib.parse.urlsplit(asked.url), f"l{random.randrange(10**6)}", threading.Event()
    application = (Kinto if asked.kinto else Board)(url.path)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    clients = [Client(url, application, f"{mark}-{n}", asked.pause, stop) for n in range(asked.clients)]
    begun = time.monotonic()
    for client in clients:
        client.start()
    stop.wait(asked.seconds)
    stop.set()
    for client in clients:
        client.join()
    lasted = time.monotonic() - begun
    there = stored(asked.url, application)
    for client in clients:
        client.compare(there)
    wrong = [fault for client in clients for fault in client.wrong]
    times = [taken for client in clients for taken in client.writes] or [0]
    print(
        f"{sum(client.count for client in clients)} requests, {len(times) / lasted:.0f} writes/s, "
        f"a write took {statistics.median(times) * 1000:.0f} ms, at most {max(times) * 1000:.0f} ms; {len(wrong)} wrong"
    )
    for fault in wrong[:20]:
        print(f"  {fault}")
    sys.exit(1 if wrong or times == [0] else 0)


if __name__ == "__main__":
    main()
