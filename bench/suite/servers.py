"""The servers that are measured. Each listens on a free port of the loopback and is ended by its
process id."""

import contextlib
import json
import os
import pathlib
import pwd
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from suite import tools

POSTGRES = pathlib.Path("/usr/lib/postgresql/15/bin")
READY_SECONDS_MAX = 120


def quote(text):
    """As a query's value."""
    return urllib.parse.quote(text, safe="")


class Annals:
    """An Annals server on `data` (a folder), or on a PostgreSQL database."""

    def __init__(self, bench, data, database=None):
        self.port = tools.free_port()
        self.host = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.host}"
        self.log = pathlib.Path(data).parent / "server.log"
        command = [str(bench.annals), "serve", "--data", str(data), "--listen", self.host]
        if database:
            command += ["--database", database]
        began = time.monotonic()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        tools.wait_for(self.is_ready, READY_SECONDS_MAX, "the server's start")
        self.ready_seconds = time.monotonic() - began

    def __enter__(self):
        return self

    def __exit__(self, *_):
        tools.stop(self.process)

    def is_ready(self):
        if self.process.poll() is not None:
            raise SystemExit(f"bench: the server ended; see {self.log}")
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5):
                return True
        except OSError:
            return False

    def call(self, method, path, body=None, key=None, media="application/json", cookie=None):
        """One request of the API; the reply's JSON, and its cookie where one was set."""
        headers = {"Content-Type": media, "Origin": self.url}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        if cookie:
            headers["Cookie"] = cookie
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/api/v1{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as reply:
                found = (reply.headers.get("Set-Cookie") or "").split(";")[0]
                return json.loads(reply.read() or b"null"), found
        except urllib.error.HTTPError as error:
            problem = error.read().decode(errors="replace")[:500]
            raise SystemExit(f"bench: {method} {path} answered {error.code}: {problem}") from None

    def size(self, path, key):
        """Bytes of a reply's body."""
        request = urllib.request.Request(f"{self.url}/api/v1{path}",
                                         headers={"Authorization": f"Bearer {key}"})
        with urllib.request.urlopen(request, timeout=30) as reply:
            return len(reply.read())

    def metrics(self):
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=30) as reply:
            return reply.read().decode()

    def metric(self, name):
        """A metric without labels."""
        return float(re.search(rf"^{name} (\S+)$", self.metrics(), re.MULTILINE).group(1))

    def buckets(self, name):
        """{upper bound: how many were not above it} of a histogram without labels."""
        found = re.findall(rf'^{name}_bucket{{le="([^"]+)"}} (\d+)$', self.metrics(), re.MULTILINE)
        return {float(bound.replace("+Inf", "inf")): int(n) for bound, n in found}

    def wait_derived(self):
        """Until the index has all of the journal."""
        tools.wait_for(lambda: self.metric("annals_index_lag_rows") == 0, 600, "the index")

    def memory(self):
        return tools.memory_of(self.process.pid)


class Nginx:
    """nginx with a worker a core, which answers /entry with a fixed body of so many bytes."""

    def __init__(self, folder, size):
        self.port = tools.free_port()
        config = folder / "nginx.conf"
        config.write_text(f"""
daemon off; worker_processes auto; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600s;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{self.port};
    location = /entry {{ default_type application/json; return 200 "{"x" * size}"; }}
  }}
}}
""")
        # (Its workers go on as another user where root starts it, and must reach the folder.)
        folder.chmod(0o755)
        self.process = subprocess.Popen([shutil.which("nginx") or "/usr/sbin/nginx", "-p",
                                         str(folder), "-c", str(config)])
        tools.wait_for(self.is_ready, 10, "nginx's start")

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/entry", timeout=5):
                return True
        except OSError:
            return False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        tools.stop(self.process)


class Postgres:
    """A PostgreSQL 15 that syncs what it commits, with the settings of its package but for more
    memory (a quarter of a small machine's) and a larger log between checkpoints."""

    SETTINGS = {
        "listen_addresses": "127.0.0.1",
        "fsync": "on",
        "synchronous_commit": "on",
        "shared_buffers": "1GB",
        "max_wal_size": "4GB",
        "max_connections": "200",
    }

    def __init__(self, bench):
        self.port = tools.free_port()
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="postgres.", dir=bench.folder))
        self.prefix = []
        if os.geteuid() == 0:  # which initdb refuses
            user = pwd.getpwnam("postgres")
            os.chown(self.home, user.pw_uid, user.pw_gid)
            self.prefix = ["runuser", "-u", "postgres", "--"]
        self.run("initdb", "-D", self.data, "-U", "annals", "-A", "trust", "-E", "UTF8",
                 "--locale=C.UTF-8")
        settings = "".join(f" -c {name}={value}" for name, value in self.SETTINGS.items())
        self.run("pg_ctl", "-D", self.data, "-l", self.home / "log", "-w", "start", "-o",
                 f"-p {self.port} -k {self.home}{settings}")

    @property
    def data(self):
        return self.home / "data"

    def run(self, program, *arguments):
        command = [*self.prefix, str(POSTGRES / program), *map(str, arguments)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def new_database(self, name):
        """An empty database; its address."""
        self.run("createdb", "-h", "127.0.0.1", "-p", self.port, "-U", "annals", name)
        return f"postgresql://annals@127.0.0.1:{self.port}/{name}"

    def drop_database(self, name):
        self.run("dropdb", "-h", "127.0.0.1", "-p", self.port, "-U", "annals", name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(subprocess.CalledProcessError):
            self.run("pg_ctl", "-D", self.data, "-m", "fast", "-w", "stop")
        shutil.rmtree(self.home, ignore_errors=True)
