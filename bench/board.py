"""A board whose data moves: the monolith, the service of one collection, and the proxy, as processes of their own."""

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from measure import BANYAN, free_port, pinned

TOKEN = "a-token-for-the-benchmark"
POSTGRES = os.environ.get("TEST_DATABASE_URL")


def wait_until(condition, seconds=600):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            sys.exit("waited in vain")
        time.sleep(0.02)


def psql(url, sql):
    subprocess.run(["psql", "-q", url, "-c", sql], check=True)


class Program:
    def __init__(self, folder, name, environment, command=None, core=None):
        environment = {"HOST": "127.0.0.1", "RUST_LOG": "warn", "MOVE_TOKEN": TOKEN, **environment}
        self.log = open(os.path.join(folder, f"{name}.log"), "w")
        command = command or [BANYAN, "serve", name]
        self.process = subprocess.Popen(command, env=environment, stdout=self.log, stderr=self.log, preexec_fn=pinned(core))

    def memory_mib(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmRSS"))


class Board:
    """A monolith, the service of one collection, and the proxy; each store on SQLite or PostgreSQL. `proxy` is a command if
    it is not `banyan serve refactor`; `cores` has the core of the stores and that of the proxy."""

    def __init__(self, collection, source="sqlite", target="sqlite", fill=lambda path: None, follow=True, proxy=None, cores=(None, None)):
        self.folder = tempfile.TemporaryDirectory()
        self.collection, self.databases, self.programs = collection, {}, []
        self.ports = {name: free_port() for name in ["monolith", collection, "proxy", "control"]}
        self.follow, self.core = follow, cores[0]
        monolith = {"PORT": str(self.ports["monolith"]), "DATABASE_URL": self.database("monolith", source), "SEED": "demo"}
        self.start("monolith", monolith)
        fill(os.path.join(self.folder.name, "monolith.db"))
        service = {"PORT": str(self.ports[collection]), "DATABASE_URL": self.database(collection, target)}
        for other in ["users", "threads", "posts"]:
            service[f"{other.upper()}_URL"] = self.url("monolith")
        service[f"{collection.upper()}_URL"] = self.url(collection)
        if follow:
            service["FOLLOW"] = f"{self.url('monolith')}/api/{collection}"
        self.service = self.start(collection, service, ready=False)
        self.proxy = self.start("refactor", {
            "PORT": str(self.ports["proxy"]),
            "CONTROL_PORT": str(self.ports["control"]),
            "DATA_DIR": os.path.join(self.folder.name, "refactor"),
            "MONOLITH_URL": f"{self.url('monolith')}/api",
            "MOVE_TARGETS": f"{collection}={self.url(collection)}",
        }, url=self.url("control"), command=proxy, core=cores[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for program in self.programs:
            program.process.terminate()
        for program in self.programs:
            program.process.wait()
        for database in self.databases.values():
            psql(POSTGRES, f"DROP DATABASE {database} WITH (FORCE)")
        self.folder.cleanup()

    def url(self, name):
        return f"http://127.0.0.1:{self.ports[name]}"

    def database(self, name, engine):
        if engine == "sqlite":
            return f"sqlite:{os.path.join(self.folder.name, name)}.db"
        self.databases[name] = f"bench_{name}_{os.getpid()}"
        psql(POSTGRES, f"CREATE DATABASE {self.databases[name]}")
        return self.postgres_url(name)

    def postgres_url(self, name):
        server, _, query = POSTGRES.partition("?")
        return f"{server.rsplit('/', 1)[0]}/{self.databases[name]}?{query}"

    def execute(self, name, sql):
        """Runs a statement in the database of a program, without its knowledge."""
        if name in self.databases:
            psql(self.postgres_url(name), sql)
            return
        database = sqlite3.connect(os.path.join(self.folder.name, f"{name}.db"))
        database.execute("PRAGMA busy_timeout = 60000")
        with database:
            database.execute(sql)
        database.close()

    def start(self, name, environment, ready=True, url=None, command=None, core=None):
        program = Program(self.folder.name, name, environment, command, self.core if core is None else core)
        self.programs.append(program)
        url = url or self.url(name)
        if ready:
            wait_until(lambda: self.answers(f"{url}/readyz") or program.process.poll() is not None)
            if program.process.poll() is not None:
                sys.exit(f"{name} ended; see {program.log.name}")
        return program

    @staticmethod
    def answers(url):
        try:
            return urllib.request.urlopen(url).status == 200
        except OSError:
            return False

    def control(self, path, options=None):
        with open(os.path.join(self.folder.name, "refactor", "credentials.json")) as file:
            keys = json.load(file)
        command = ["curl", "-sS", "--aws-sigv4", "aws:amz:local:refactor-spaces", self.url("control") + path]
        command += ["--user", f"{keys['accessKeyId']}:{keys['secretAccessKey']}"]
        if options is not None:
            command += ["-X", "POST", "-H", "Content-Type: application/json", "-d", json.dumps(options)]
        answer = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        if "Message" in answer:
            sys.exit(f"{path}: {answer['Message']}")
        return answer

    def command(self, verb, **options):
        return self.control(f"/-/moves/{self.collection}/{verb}", options)

    def following(self):
        request = urllib.request.Request(
            f"{self.url(self.collection)}/api/{self.collection}/-/ownership", headers={"Authorization": f"Bearer {TOKEN}"}
        )
        try:
            return json.load(urllib.request.urlopen(request))["following"] or {}
        except OSError:
            return {}

    def load(self, *arguments):
        command = [BANYAN, "load", "--json", "--url", self.url("proxy"), "--clients", "32", *arguments]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def diff(self):
        """What it found, and the most memory that each program used meanwhile, in MiB."""
        self.command("diff")
        most = [0] * len(self.programs)
        while True:
            most = [max(pair) for pair in zip(most, (program.memory_mib() for program in self.programs))]
            [move] = [move for move in self.control("/-/moves")["moves"] if move["collection"] == self.collection]
            if move["diff"]["state"] != "running":
                return move["diff"], most
            time.sleep(0.05)
