"""What the measurements of the proxy share: programs that listen, with their processor time, and nginx."""

import os
import subprocess
import sys
import time
import urllib.request

from measure import pinned

NGINX = """
worker_processes %(workers)d; daemon off; worker_rlimit_nofile %(files)d; pid %(folder)s/%(name)s.pid; error_log %(folder)s/%(name)s.err;
events { worker_connections %(connections)d; }
http {
  access_log %(log)s; keepalive_requests 1000000000;
  client_body_temp_path %(folder)s; proxy_temp_path %(folder)s; fastcgi_temp_path %(folder)s;
  uwsgi_temp_path %(folder)s; scgi_temp_path %(folder)s;
  %(http)s
}
"""


class Server:
    """A program that listens on a port, with all its processes."""

    def __init__(self, port, command, stderr=subprocess.DEVNULL, path="/api/users/1", body=None, core=None, **environment):
        self.url, self.body = f"http://127.0.0.1:{port}{path}", body
        environment = {**os.environ, **environment}
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=stderr, env=environment, preexec_fn=pinned(core))
        while not self.ready():
            if self.process.poll() is not None:
                sys.exit(f"{command[0]} ended: {self.process.returncode}")
            time.sleep(0.01)

    def ready(self):
        try:
            body = urllib.request.urlopen(self.url).read()
            return self.body in (None, body)
        except OSError:
            return False

    def processes(self):
        return processes(self.process.pid)

    def cpu_us(self):
        return cpu_us(self.process.pid)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def processes(pid):
    """A process and its children."""
    with open(f"/proc/{pid}/task/{pid}/children") as children:
        return [pid] + [other for child in children.read().split() for other in processes(int(child))]


def cpu_us(pid):
    """User and system time of a process and its children so far, in microseconds. The scheduler's own count is exact;
    /proc/PID/stat counts in hundredths of a second."""
    total = 0
    for process in processes(pid):
        for thread in os.listdir(f"/proc/{process}/task"):
            with open(f"/proc/{process}/task/{thread}/schedstat") as ran:
                total += int(ran.read().split()[0])
    return total / 1000


def nginx(folder, name, http, port, workers, log="off", connections=4096, **probe):
    config = os.path.join(folder, f"{name}.conf")
    with open(config, "w") as file:
        file.write(NGINX % {"workers": workers, "folder": folder, "name": name, "http": http, "log": log, "connections": connections, "files": connections + 100})
    return Server(port, ["nginx", "-c", config], **probe)
