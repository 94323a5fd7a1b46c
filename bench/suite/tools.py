"""Programs, progress and the machine."""

import contextlib
import copy
import fcntl
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def say(text):
    """A line of progress, on standard error."""
    print(f"bench: {text}", file=sys.stderr, flush=True)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Bench:
    """How a run was asked for, and where things are."""

    def __init__(self, options):
        self.annals = pathlib.Path(options.annals).resolve()
        self.programs = pathlib.Path(options.programs).resolve()
        self.folder = pathlib.Path(options.folder).resolve()
        self.seconds = options.seconds
        self.entries = options.entries
        self.contacts = options.contacts
        self.appointments = pathlib.Path(options.appointments)
        self.lock_file = options.lock
        self.folder.mkdir(parents=True, exist_ok=True)

    @contextlib.contextmanager
    def quiet(self, kind=fcntl.LOCK_EX):
        """Measured alone: other runs that name the same --lock wait meanwhile."""
        if not self.lock_file:
            yield
            return
        with open(self.lock_file, "a") as file:
            fcntl.flock(file, kind)
            yield

    def with_annals(self, program):
        """The same with another program in the place of annals."""
        other = copy.copy(self)
        other.annals = pathlib.Path(program)
        return other

    def beside_others(self):
        """Work that is not measured, and may not disturb what is."""
        return self.quiet(fcntl.LOCK_SH)

    @contextlib.contextmanager
    def scratch(self, name):
        """A new folder that goes afterwards."""
        path = self.folder / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def kept(self):
        """What earlier runs measured, by row."""
        file = self.folder / "results.json"
        return json.loads(file.read_text()) if file.exists() else {}

    def keep(self, name, measured):
        """So that the page can be made of it."""
        results = json.dumps({**self.kept(), name: measured}, indent=1, ensure_ascii=False)
        (self.folder / "results.json").write_text(results)

    def program(self, name, *arguments):
        """Runs bench_<name>, which answers JSON."""
        command = [str(self.programs / f"bench_{name}"), *map(str, arguments)]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
        if done.returncode != 0:
            raise SystemExit(f"bench: {' '.join(command)} ended with {done.returncode}")
        return json.loads(done.stdout)


def stop(process, seconds=30):
    """Ends a process that we started, by its id."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def memory_of(pid):
    """RssAnon of a process in bytes: what it holds beside the page cache."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    return 0


def cpu_seconds_of(pid):
    """User and system time that a process has taken."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_for(condition, seconds, what):
    """Asks until it is so, often at first."""
    deadline = time.monotonic() + seconds
    pause = 0.001
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"bench: {what} took more than {seconds} s")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)


def expect_success(measured, may_refuse=False):
    """A rate counts only where everything was answered well, or refused where that may be."""
    good = ("200", "201", "429", "503") if may_refuse else ("200", "201")
    bad = [status for status in measured["statuses"] if status not in good]
    if bad or measured["errors"] or not measured["answered"]:
        raise SystemExit(f"bench: not all was answered well: {measured['statuses']} "
                         f"{measured['errors']} {measured.get('first_problem', '')}")


def seconds_of(work):
    """How long a function took."""
    began = time.monotonic()
    work()
    return time.monotonic() - began
