"""Data: names that change places, databases that were restored, poolers, URLs with odd passwords."""

import collections
import json
import os
import subprocess
import tempfile
import threading
import time
import urllib.parse

from lib import JSON, free_port, send, text, until

TOKEN = "a-token-for-the-cases"


class Programs:
    """A monolith on PostgreSQL, and the users service that follows it on SQLite."""

    def __init__(self, board, database):
        self.board, self.database = board, database
        self.folder = tempfile.mkdtemp(prefix="cases-")
        self.ports = {"monolith": free_port(), "users": free_port()}
        self.source, self.copy = (f"http://127.0.0.1:{self.ports[it]}/api/users" for it in ("monolith", "users"))
        self.children = {}

    def start(self, name, **more):
        environment = {"HOST": "127.0.0.1", "PORT": str(self.ports[name]), "MOVE_TOKEN": TOKEN, "RUST_LOG": "warn"} | more
        if name == "monolith":
            environment |= {"SEED": "demo"} | {"DATABASE_URL": self.database}
        else:
            environment |= {"FOLLOW": self.source, "DATABASE_URL": f"sqlite:{self.folder}/users.db"}
        log = open(f"{self.folder}/{name}.log", "ab")
        self.children[name] = subprocess.Popen([self.board.banyan, "serve", name], env=environment, stdout=log, stderr=log)
        until(f"{name} is ready", lambda: send(f"http://127.0.0.1:{self.ports[name]}/readyz")[0] == 200)

    def stop(self, name):
        child = self.children.pop(name)
        child.terminate()
        child.wait()

    def close(self):
        for name in list(self.children):
            self.stop(name)

    def new(self, name):
        code, _, said = send(self.source, "POST", json.dumps({"username": name, "name": name}), JSON)
        assert code == 201, said

    def rename(self, number, name):
        code, _, said = send(f"{self.source}/{number}", "PATCH", json.dumps({"name": name}), JSON)
        assert code == 200, said

    def rows(self, url):
        return {row["id"]: row for row in json.loads(send(url + "?limit=1000")[2])}

    def same(self):
        # A copy that does not know yet how old it is leaves reads to its source.
        until("the copy has everything",
              lambda: send(self.copy)[0] == 200 and self.rows(self.source) == self.rows(self.copy))

    def said(self, url):
        return json.loads(send(url + "/-/ownership", headers={"Authorization": f"Bearer {TOKEN}"})[2])


class Server:
    """The PostgreSQL server of TEST_DATABASE_URL."""

    def __init__(self):
        self.url = urllib.parse.urlsplit(os.environ["TEST_DATABASE_URL"])

    def at(self, database, user=None):
        place = self.url.netloc.split("@")[-1]
        user = user or self.url.netloc.split("@")[0]
        return f"postgres://{user}@{place}/{database}?{self.url.query}"

    def sql(self, *statements, database="postgres"):
        for statement in statements:
            self.run("psql", self.at(database), "-qAtc", statement)

    def run(self, *command):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def fresh(self, database):
        self.sql(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)", f"CREATE DATABASE {database}")


def dump(server, programs, database, file):
    server.run("pg_dump", "-Fc", "-f", file, server.at(database))


def restore_dump(server, programs, database, file):
    server.fresh(database)
    server.run("pg_restore", "-d", server.at(database), file)


def restored(board, database, restore=restore_dump, save=dump):
    """A source goes back to an earlier state while its follower is ahead of that. `save` and `restore` get the server, the programs, the
    name of the database and a file."""
    server = Server()
    server.fresh(database)
    programs = Programs(board, server.at(database))
    kept = server, programs, database, f"{programs.folder}/dump"
    try:
        programs.start("monolith")
        programs.start("users")
        programs.new("before-dump")
        programs.same()
        save(*kept)
        programs.new("lost-one")
        programs.new("lost-two")
        programs.rename(1, "Lost Name")
        programs.same()
        programs.stop("monolith")
        restore(*kept)
        programs.start("monolith")
        programs.new("after-restore")
        programs.rename(1, "New Name")
        following = until("the copy stands still", lambda: (
            (it := programs.said(programs.copy)["following"]) and it["state"] == "broken" and it))
        assert "cancel" in following["detail"] and "follow" in following["detail"], following
        copied = {row["username"] for row in programs.rows(programs.copy).values()}
        assert "lost-one" in copied and "after-restore" not in copied, copied
    finally:
        programs.close()


def c1_dump(board):
    """A source that was restored from a dump on the same server is refused by its follower."""
    restored(board, "case_c1_dump")


def c1_busier(board):
    """The same on a server whose numbers went on meanwhile."""
    def restore(server, *kept):
        server.sql("DO $$ BEGIN FOR i IN 1..3000 LOOP PERFORM txid_current(); COMMIT; END LOOP; END $$")
        restore_dump(server, *kept)
    restored(board, "case_c1_busier", restore)


def c1_data_only(board):
    """The same if the program made the schema and the dump gave only the data."""
    def restore(server, programs, database, file):
        server.fresh(database)
        programs.start("monolith")
        programs.stop("monolith")
        tables = subprocess.run(["psql", server.at(database), "-Atc",
                                 "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables WHERE schemaname = 'public'"],
                                check=True, capture_output=True, text=True).stdout.strip()
        server.sql(f"TRUNCATE {tables}", database=database)
        server.run("pg_restore", "--data-only", "--disable-triggers", "-d", server.at(database), file)
    restored(board, "case_c1_data", restore)


def c1_template(board):
    """The same if a copy of the whole database is put back."""
    def save(server, programs, database, _):
        # A database in use cannot be copied.
        programs.stop("monolith")
        server.sql(f"DROP DATABASE IF EXISTS {database}_copy", f"CREATE DATABASE {database}_copy TEMPLATE {database}")
        programs.start("monolith")

    def restore(server, programs, database, _):
        server.sql(f"DROP DATABASE {database} WITH (FORCE)", f"ALTER DATABASE {database}_copy RENAME TO {database}")
    restored(board, "case_c1_template", restore, save)


def c3(board):
    """What holds the feed back is named, also if the program's role may not see it."""
    server = Server()
    server.sql("DROP DATABASE IF EXISTS case_c3 WITH (FORCE)", "DROP DATABASE IF EXISTS case_c3_other WITH (FORCE)",
               "DROP ROLE IF EXISTS case_mono", "CREATE ROLE case_mono LOGIN", "CREATE DATABASE case_c3 OWNER case_mono",
               "CREATE DATABASE case_c3_other")
    programs = Programs(board, server.at("case_c3", "case_mono"))
    try:
        programs.start("monolith")
        programs.start("users")
        for name, url in [("own-role", server.at("case_c3", "case_mono")), ("other-database", server.at("case_c3_other")),
                          ("other-role", server.at("case_c3")), ("prepared", server.at("case_c3"))]:
            held = subprocess.Popen(["psql", url, "-q"], stdin=subprocess.PIPE, text=True, stdout=subprocess.DEVNULL)
            held.stdin.write(f"BEGIN; CREATE TABLE held_{name.replace('-', '_')} (n int);\n")
            if name == "prepared":
                held.stdin.write("PREPARE TRANSACTION 'case-c3';\n")
            held.stdin.flush()
            time.sleep(0.5)
            programs.new(f"c3-{name}")

            def told():
                found = programs.said(programs.source)["blockedBy"]
                return found or programs.said(programs.copy).get("blockedBy")
            found = until(f"{name}: what holds the feed back is told", told)
            assert found["seconds"] >= 0, found
            held.stdin.write("ROLLBACK;\n" if name != "prepared" else "ROLLBACK PREPARED 'case-c3';\n")
            held.stdin.close()
            held.wait()
            programs.same()
    finally:
        programs.close()


def c4(board):
    """Names go round in a circle, and a name is freed and taken again, while the follower is away."""
    def make(name):
        code, _, said = send(f"{board.proxy}/users", "POST", json.dumps({"username": name, "name": name}), JSON)
        assert code == 201, said
        return json.loads(said)["id"]

    def name(number, value):
        code, _, said = send(f"{board.proxy}/users/{number}", "PATCH", json.dumps({"username": value}), JSON)
        assert code == 200, said
    a, b, c, d = (make(f"ring-{it}") for it in "abcd")
    board.run("stop", "users")
    for number, value in [(a, "ring-tmp"), (b, "ring-a"), (a, "ring-b"), (b, "ring-tmp"), (c, "ring-a"), (a, "ring-c"),
                          (b, "ring-b")]:
        name(number, value)
    assert send(f"{board.proxy}/users/{d}", "DELETE")[0] == 204
    e = make("ring-d")
    name(e, "ring-d-two")
    make("ring-d")
    board.run("start", "users")
    board.run("diff", "users")


def c5(board):
    """Writers do not stop for a switch; nothing that they were told is missing, and no id comes twice."""
    told, stop = [], threading.Event()

    def writer(number):
        count = 0
        while not stop.is_set():
            count += 1
            name = f"last-{number}-{count}"
            code, _, said = send(f"{board.proxy}/users", "POST", json.dumps({"username": name, "name": name}), JSON)
            told.append((code, json.loads(said).get("id"), name))
    writers = [threading.Thread(target=writer, args=(number,)) for number in range(3)]
    for it in writers:
        it.start()
    for _ in range(3):
        board.run("switch", "users", "--force")
        board.run("reverse", "users")
    stop.set()
    for it in writers:
        it.join()
    assert {code for code, _, _ in told} == {201}, collections.Counter(code for code, _, _ in told)
    twice = [it for it, times in collections.Counter(number for _, number, _ in told).items() if times > 1]
    kept, after = {}, 0
    while page := json.loads(send(f"{board.proxy}/users?limit=1000&after={after}")[2]):
        kept |= {row["id"]: row["username"] for row in page}
        after = page[-1]["id"]
    missing = [it for it in told if kept.get(it[1]) != it[2]]
    assert not twice and not missing, (twice, missing[:5])


def e2(board):
    """A URL that cannot be read ends the program with 64 and a hint, and no part of a password is shown."""
    for url in text("E2.urls").split():
        if "%23" in url:
            continue
        secret = url.split(":", 2)[2].rsplit("@", 1)[0]
        ended = subprocess.run([board.banyan, "serve", "users"], capture_output=True, text=True, timeout=30,
                               env={"DATABASE_URL": url, "PORT": "0", "HOST": "127.0.0.1"})
        said = ended.stdout + ended.stderr
        assert ended.returncode == 64, (url, ended.returncode, said)
        assert "percent" in said or "%" in said, (url, said)
        first = secret.replace("#", "/").replace("?", "/").split("/")[0]
        assert secret not in said and f":{first}" not in said, (url, said)


def e3(board):
    """Behind a pooler in transaction mode no request fails."""
    server = Server()
    server.fresh("case_e3")
    folder = tempfile.mkdtemp(prefix="cases-")
    os.chmod(folder, 0o777)
    port, to = free_port(), server.url
    with open(f"{folder}/ini", "w") as file:
        file.write(f"[databases]\ncase_e3 = user={to.username} host={to.hostname} port={to.port}\n[pgbouncer]\n"
                   f"listen_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = any\npool_mode = transaction\n"
                   f"default_pool_size = 4\nunix_socket_dir =\nlogfile = {folder}/log\npidfile = {folder}/pid\n")
    command = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    pooler = subprocess.Popen([*command, "pgbouncer", "-q", f"{folder}/ini"], cwd="/", stderr=subprocess.DEVNULL)
    programs = Programs(board, f"postgres://{to.username}@127.0.0.1:{port}/case_e3?sslmode=disable")
    try:
        until("the pooler listens", lambda: os.path.exists(f"{folder}/pid"))
        programs.start("monolith")
        seen, stop = collections.Counter(), time.monotonic() + 4

        def client(number):
            count = 0
            while time.monotonic() < stop:
                count += 1
                if count % 2:
                    body = json.dumps({"username": f"e3-{number}-{count}", "name": "x"})
                    seen["POST", send(programs.source, "POST", body, JSON)[0]] += 1
                else:
                    seen["GET", send(f"{programs.source}/{1 + count % 4}")[0]] += 1
        clients = [threading.Thread(target=client, args=(number,)) for number in range(8)]
        for it in clients:
            it.start()
        for it in clients:
            it.join()
        assert set(seen) == {("POST", 201), ("GET", 200)}, seen
    finally:
        programs.close()
        pooler.terminate()
        pooler.wait()


CASES = [c4, c5, e2]
POSTGRES = [c1_dump, c1_busier, c1_data_only, c1_template, c3, e3]
