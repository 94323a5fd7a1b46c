"""Rows of the table about the whole: import, disk, memory, start."""

import os
import re
import socket
import sqlite3
import subprocess
import threading
import time

from suite import large, result, servers, tools

MIB = 1024 * 1024
APPOINTMENTS = tools.ROOT.parent / "shared/data/appointments.csv.gz"
MAPPING = tools.ROOT / "docs/examples/appointments.toml"


def import_file(bench):
    """import: appointments.csv.gz by annals import"""
    if not bench.appointments.exists():
        tools.say(f"there is no {bench.appointments}: this row is left out")
        return []
    with bench.scratch("import") as folder, bench.quiet():
        place = ["--data", str(folder / "data")]
        environment = {**os.environ, "ANNALS_PASSWORD": "correct horse battery"}
        subprocess.run([bench.annals, "business", "add", "Clinic", *place, "--time-zone",
                        "America/Sao_Paulo", "--locale", "pt", "--currency", "BRL", "--owner-name",
                        "Ana", "--owner-email", "ana@example.com"], env=environment, check=True,
                       stdout=subprocess.DEVNULL)
        began = time.monotonic()
        done = subprocess.run([bench.annals, "import", *place, "--mapping", MAPPING,
                               "--rejected", folder / "rejected", "--warnings", folder / "warnings",
                               bench.appointments], check=True, stdout=subprocess.PIPE, text=True)
        seconds = time.monotonic() - began
        counts = [int(n.replace(",", "")) for n in re.findall(r"([\d,]+) created", done.stdout)]
        contacts, entries = counts
        # A contact is a row of the journal too: its contact.created.
        rows = contacts + entries
    with bench.scratch("bare") as folder, bench.quiet():
        limit = bench.program("bare_append", "--folder", folder / "data", "--group", 1024, "--rows",
                              rows, "--seconds", 90, "--contacts", contacts)
    return [result.share(f"import of {entries:,} entries and {contacts:,} contacts", "rows/s",
                         rows / seconds, limit["sustained_rate"], 0.5,
                         note=f"{seconds:.1f} s from start to end; a contact "
                              "counts as a row, that of its contact.created")]


# What full text and contacts take is not counted.
NOT_COUNTED = re.compile(r"entry_search|contact|sqlite_|_search_")


def disk(bench):
    """disk: bytes of an entry"""
    stored = large.find(bench)
    with bench.scratch("disk") as folder:
        with bench.beside_others():
            stored.copy_to(folder / "data")
            with servers.Annals(bench, folder / "data"):
                pass  # what a crash left in the logs is in the files once it has ended
        total, entries, essence, text = 0, 0, 0, 0
        for name in ("annals.db", "derived.db"):
            database = sqlite3.connect(folder / "data" / name)
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            for table, size in database.execute(
                    "SELECT name, pgsize FROM dbstat WHERE aggregate = TRUE"):
                if NOT_COUNTED.search(table):
                    text += size
                else:
                    total += size
            if name == "annals.db":
                entries, essence = database.execute(
                    "SELECT count(*), avg(length(CAST(record AS BLOB)) + length(salt) + "
                    "length(leaf)) FROM journal").fetchone()
            database.close()
    return [result.times("bytes on disk an entry, without full text", "bytes", total / entries,
                         essence, 1.8, of="(record + salt + leaf)",
                         note=f"full text and contacts take {text / entries:.0f} bytes an entry "
                              "more")]


class MemoryWatch:
    """The most that a server holds beside the page cache while it is watched."""

    PAUSE_SECONDS = 0.05

    def __init__(self, server):
        self.server = server
        self.peak = 0
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        while not self.stopping.wait(self.PAUSE_SECONDS):
            self.peak = max(self.peak, self.server.memory())

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()


def memory(bench):
    """memory: idle, and under load"""
    stored = large.find(bench)
    seconds = min(bench.seconds, 5)
    with bench.scratch("memory") as folder:
        with bench.beside_others():
            stored.copy_to(folder / "data")
        with servers.Annals(bench, folder / "data") as server, bench.quiet():
            time.sleep(2)  # of rest, after which it is idle
            idle = server.memory()
            business = stored.business(server)
            contacts = stored.contacts()
            pages = [f"/contacts/{contact}/entries?limit=50" for contact in contacts[:5_000]]
            with MemoryWatch(server) as watch:
                business.append(bench, seconds=seconds)
                business.append(bench, seconds=seconds, batch=100)
                business.get(bench, pages, connections=64, seconds=seconds)
                business.get(bench, ["/entries?facets=1", "/entries?q=zahnspange"], connections=4,
                             seconds=seconds)
    return [
        result.at_most(f"memory, idle, {bench.entries:,} entries", "MiB", idle / MIB, 40,
                       note="RssAnon: what the process holds beside the page cache"),
        result.at_most("… the most under load", "MiB", watch.peak / MIB, 300,
                       note="64 connections: appends of one and of 100, newest 50; 4: facets, "
                            "full text"),
    ]


def is_ready(port):
    """One /readyz over a bare socket, which takes no time of its own."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return connection.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def start(bench):
    """start: from nothing to ready"""
    stored = large.find(bench)
    stored.warm()
    took = []
    with bench.quiet():
        for _ in range(5):
            port = tools.free_port()
            began = time.monotonic()
            server = subprocess.Popen(
                [bench.annals, "serve", "--data", stored.data, "--listen", f"127.0.0.1:{port}"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while not is_ready(port) and time.monotonic() < began + 60:
                time.sleep(0.002)
            took.append(time.monotonic() - began)
            tools.stop(server)
    return [result.at_most(f"start on {bench.entries:,} entries until /readyz", "s",
                           sorted(took)[len(took) // 2], 0.5,
                           note=f"the median of five, the slowest {max(took):.2f} s")]


ROWS = {"import": import_file, "disk": disk, "memory": memory, "start": start}
