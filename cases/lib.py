"""What the cases stand on: a board of their own, raw connections, an upstream that answers as it should not."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import boto3

HERE = os.path.dirname(os.path.abspath(__file__))
INPUTS = os.path.join(HERE, "inputs")
WAIT = 60
JSON = {"Content-Type": "application/json"}


def text(name):
    with open(os.path.join(INPUTS, name)) as file:
        return file.read()


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def until(what, done):
    """Waits until `done` gives something true, and gives it back."""
    end = time.monotonic() + WAIT
    while True:
        try:
            found = done()
        except (OSError, urllib.error.URLError):
            found = None
        if found:
            return found
        assert time.monotonic() < end, f"still waiting: {what}"
        time.sleep(0.05)


def send(url, method="GET", body=None, headers=None):
    """Status, header fields and body."""
    data = body.encode() if isinstance(body, str) else body
    request = urllib.request.Request(url, data, headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def raw(port, data, seconds=5):
    """Everything that comes back to these bytes before the connection is closed or still for that long."""
    got = b""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        connection.sendall(data)
        try:
            while more := connection.recv(65536):
                got += more
        except TimeoutError:
            pass
    return got.decode("latin-1")


def status(answer):
    return int(answer.split(" ")[1]) if answer.startswith("HTTP/") else None


def http_file(name):
    return text(name).replace("\r\n", "\n").replace("\n", "\r\n").encode()


class Board:
    """`banyan up` on free ports, with the keys and URLs of everything in it."""

    def __init__(self, banyan):
        self.banyan = os.path.abspath(banyan)
        self.folder = tempfile.mkdtemp(prefix="cases-")
        self.data = os.path.join(self.folder, "data")
        self.up = subprocess.Popen([self.banyan, "up", "--port-base", "0", "--data-dir", self.data],
                                   stdout=subprocess.PIPE, text=True)
        shown = ""
        for line in self.up.stdout:
            shown += line
            if "Ctrl-C" in line:
                break
        assert "The board is up" in shown, shown
        found = re.findall(r"^  (monolith|users|threads|posts|refactor) +(http://\S+)", shown, re.M)
        self.urls = dict(found)
        self.proxy = re.search(r"^  (http://\S+/api) +->", shown, re.M)[1]
        keys = json.loads(open(os.path.join(self.data, "refactor", "credentials.json")).read())
        self.aws = {
            "AWS_ENDPOINT_URL": self.urls["refactor"],
            "AWS_ACCESS_KEY_ID": keys["accessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["secretAccessKey"],
            "AWS_REGION": "local", "AWS_DEFAULT_REGION": "local", "AWS_PAGER": "",
            "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }
        os.environ.update(self.aws)
        self.cloudformation = boto3.client("cloudformation")
        self.spaces = boto3.client("migration-hub-refactor-spaces")
        self.children = []
        environment = self.spaces.list_environments()["EnvironmentSummaryList"][0]
        self.environment, self.environment_arn = environment["EnvironmentId"], environment["Arn"]
        applications = self.spaces.list_applications(EnvironmentIdentifier=self.environment)
        self.application = applications["ApplicationSummaryList"][0]["ApplicationId"]
        self.where = {"EnvironmentIdentifier": self.environment, "ApplicationIdentifier": self.application}

    def port(self, name):
        url = self.proxy if name == "proxy" else self.urls[name]
        return int(url.split(":")[2].split("/")[0])

    def run(self, *arguments, check=True):
        command = [self.banyan, *arguments, "--data-dir", self.data]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert not check or ended.returncode == 0, f"{arguments}: {ended.stdout}{ended.stderr}"
        return ended

    def aws_cli(self, *arguments):
        """Exit code and everything that it prints."""
        command = ["aws", *arguments]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=INPUTS)
        return ended.returncode, ended.stdout + ended.stderr

    def upstream(self, mode):
        """A route to an upstream of `upstream.py`, by its mode."""
        port = free_port()
        self.children.append(subprocess.Popen([sys.executable, os.path.join(INPUTS, "upstream.py"), mode, str(port)]))
        until(f"the upstream {mode} is there", lambda: socket.create_connection(("127.0.0.1", port)).close() or True)
        service = self.spaces.create_service(Name=mode, EndpointType="URL",
                                             UrlEndpoint={"Url": f"http://127.0.0.1:{port}/"}, **self.where)
        self.spaces.create_route(RouteType="URI_PATH", ServiceIdentifier=service["ServiceId"], UriPathRoute={
            "SourcePath": f"/{mode}", "ActivationState": "ACTIVE", "IncludeChildPaths": True}, **self.where)
        return f"{self.proxy}/{mode}"

    def deploy(self, stack, template, *more):
        return self.aws_cli("cloudformation", "deploy", "--stack-name", stack, "--template-file", template,
                            "--no-fail-on-empty-changeset", *more)

    def stack(self, name):
        return self.cloudformation.describe_stacks(StackName=name)["Stacks"][0]

    def close(self):
        for child in self.children:
            child.kill()
        self.up.send_signal(signal.SIGINT)
        self.up.wait()
