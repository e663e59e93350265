"""What the measurements share: programs pinned to a core, wrk on another one, rounds in turn, databases of any size."""

import json
import os
import re
import socket
import sqlite3
import statistics
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TARGET = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
PEERS = os.path.join(TARGET, "peers")
BANYAN = os.path.join(TARGET, "release", "banyan")
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, CLIENT_CORE = CORES[0], CORES[-1]
TICK_US = 1_000_000 / os.sysconf("SC_CLK_TCK")
UNITS = {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000}

RANDOM = """
local path, low, high = os.getenv("RANDOM_PATH"), tonumber(os.getenv("RANDOM_LOW")), tonumber(os.getenv("RANDOM_HIGH"))
math.randomseed(os.time())
request = function() return wrk.format("GET", string.format(path, math.random(low, high))) end
"""
POST = """
wrk.method, wrk.path = "POST", "/api/posts"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"thread":1,"text":"I need a new guitar to play the most savory licks in Ooo","user":1}'
"""
# wrk waits this long, in ms, before each request of a connection.
SLOW_CONNECTIONS, SLOW_MS = 20, 18
SLOW_POST = POST + f"function delay() return {SLOW_MS} end\n"


@dataclass
class Sample:
    rate: float
    p50: float
    p99: float
    cpu_us: float


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def pinned(core):
    """What a child calls first to stay on a core; nothing for any core."""
    return None if core is None else lambda: os.sched_setaffinity(0, {core})


class Server:
    """A program that listens on a port, on the server's core. Its command may have {port}."""

    def __init__(self, command, log, probe="/api/users/3", **environment):
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        self.log = open(log, "w")
        environment = {**os.environ, "HOST": "127.0.0.1", "PORT": str(port), **environment}
        command = [part.format(port=port) for part in command]
        start = time.monotonic()
        self.process = subprocess.Popen(command, env=environment, stdout=self.log, stderr=self.log, preexec_fn=pinned(SERVER_CORE))
        while not self.answers(probe):
            if self.process.poll() is not None:
                sys.exit(f"{' '.join(command)} ended; its log says:\n{open(log).read()}")
            if time.monotonic() > start + 60:
                sys.exit(f"{' '.join(command)} does not answer {probe}")
            time.sleep(0.001)
        self.start_ms = (time.monotonic() - start) * 1000

    def answers(self, path):
        try:
            return urllib.request.urlopen(self.base + path).status == 200
        except OSError:
            return False

    def body(self, path):
        return urllib.request.urlopen(self.base + path).read()

    def cpu_us(self):
        """User and system time so far."""
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * TICK_US

    def memory_mib(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1]) / 1024

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()


def monolith(folder, database, name="monolith", log="info", probe="/api/users/3"):
    environment = {"DATABASE_URL": f"sqlite:{database}", "SEED": "demo", "BANYAN_WORKERS": "1", "RUST_LOG": log}
    return Server([BANYAN, "serve", "monolith"], os.path.join(folder, f"{name}.log"), probe, **environment)


def wrk_command(url, connections, seconds, script=None):
    command = ["taskset", "-c", str(CLIENT_CORE), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    return command + (["-s", script] if script else []) + [url]


def read_wrk(out):
    """Requests, requests a second, and p50 and p99 in ms. Ends the run if any answer was not what was asked for."""
    if "Non-2xx" in out or "Socket errors" in out:
        sys.exit(out)
    quantile = {}
    for share, value, unit in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s|m)", out):
        quantile[share] = float(value) * UNITS[unit]
    requests = int(re.search(r"(\d+) requests in", out)[1])
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])
    return requests, rate, quantile["50"], quantile["99"]


def wrk(server, path, connections, seconds, script=None, **environment):
    before = server.cpu_us()
    command = wrk_command(server.base + path, connections, seconds, script)
    out = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, **environment}).stdout
    requests, rate, p50, p99 = read_wrk(out)
    return Sample(rate, p50, p99, (server.cpu_us() - before) / requests)


def wrk_random(server, script, path, low, high, connections, seconds):
    """Asks for random ids; the path has %d in place of the id."""
    environment = {"RANDOM_PATH": path, "RANDOM_LOW": str(low), "RANDOM_HIGH": str(high)}
    return wrk(server, "/", connections, seconds, script, **environment)


def in_turn(rounds, measures):
    """The samples of each measure by name: one after the other in each round."""
    runs = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            runs[name].append(measure())
    return runs


def median(samples, what):
    return statistics.median(getattr(sample, what) for sample in samples)


def ratio(ours, others, what="rate"):
    """The median of the rounds' ratios."""
    return statistics.median(getattr(a, what) / getattr(b, what) for a, b in zip(ours, others))


def fill(database, posts):
    """Adds posts to a database that the monolith made and does not use now, 20 in each new thread, stored as the monolith stores them.
    A thread's posts are far from each other. Returns the first and the last id of the new threads, and the last id of the posts."""
    rows = sqlite3.connect(database)
    rows.executescript("PRAGMA synchronous = off; PRAGMA cache_size = -400000; PRAGMA temp_store = memory;")
    threads = posts // 20
    # An index is made faster at once than row by row.
    indexes = rows.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'posts' AND sql NOT NULL").fetchall()
    (first,) = rows.execute("SELECT max(id) + 1 FROM threads").fetchone()
    with rows:
        for name, _ in indexes:
            rows.execute(f"DROP INDEX {name}")
        add(rows, "threads", threads, "title, created_by", "'thread number ' || n.i, 1 + n.i % 4")
        words = "'I need a new guitar to play the most savory licks in Ooo, said number ' || n.i"
        add(rows, "posts", posts, "thread, text, author", f"{first} + n.i % {threads}, {words}, 1 + n.i % 4")
        for _, sql in indexes:
            rows.execute(sql)
    (last,) = rows.execute("SELECT max(id) FROM posts").fetchone()
    rows.execute("PRAGMA wal_checkpoint(truncate)")
    rows.close()
    return first, first + threads - 1, last


def add(rows, table, count, columns, values):
    """Rows at the end of a table and of its feed."""
    rows.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)"
        f" INSERT INTO {table} (id, rev, created_at, updated_at, position, {columns})"
        f" SELECT l.id + n.i, 1, 1760000000000 + n.i, 1760000000000 + n.i, o.position + n.i, {values}"
        f" FROM n, (SELECT max(id) AS id FROM {table}) AS l,"
        f" (SELECT position FROM banyan_ownership WHERE collection = '{table}') AS o",
        (count,),
    )
    rows.execute("UPDATE banyan_ownership SET position = position + ? WHERE collection = ?", (count, table))


def dump(database, path):
    """What a program that keeps the board in memory begins with."""
    rows = sqlite3.connect(database)
    rows.row_factory = sqlite3.Row
    users = rows.execute("SELECT id, username, name, bio FROM users ORDER BY id")
    posts = rows.execute("SELECT thread, text, author AS user FROM posts ORDER BY id")
    with open(path, "w") as file:
        json.dump({"users": [dict(row) for row in users], "posts": [dict(row) for row in posts]}, file)
    rows.close()
