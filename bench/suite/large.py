"""The large data set: made once through the API, kept, and copied for what writes."""

import hashlib
import json
import os
import shutil
import time

from suite import data, servers, tools

VERSION = b"1"           # the next one where drafts, contacts or their numbers change
CONTACTS_SHARE = 50      # entries a contact
HOT = 0.012              # share of entries of the first contact alone: 60,000 of 5,000,000
BATCH = 500
CONNECTIONS = 4
CHUNK = 50_000           # entries between two lines of progress
COPY_BYTES = 64 * 1024 * 1024


def sizes(entries):
    """The sizes that are kept on the way to the full one."""
    return [entries // 500, entries // 50, entries // 5, entries]


class LargeSet:
    """A data folder at rest: `data/`, the contacts' ids, the API key."""

    def __init__(self, folder, entries):
        self.folder = folder
        self.entries = entries
        self.data = folder / "data"
        self.contacts_file = folder / "contacts"
        self.key = (folder / "key").read_text()

    def contacts(self):
        return self.contacts_file.read_text().split()

    def serve(self, bench):
        """A server on the set itself, for what only reads."""
        return servers.Annals(bench, self.data)

    def business(self, server):
        return data.Business(server, self.key, self.contacts_file, self.entries)

    def warm(self):
        """Brings the files into the page cache."""
        for path in self.data.glob("*.db"):
            with open(path, "rb") as file:
                while file.read(COPY_BYTES):
                    pass

    def copy_to(self, folder):
        """A copy of the data folder, for what writes."""
        shutil.copytree(self.data, folder, ignore=shutil.ignore_patterns("*.log", "lock"))
        os.sync()  # so that writing the copy is no part of what is measured


def recipe():
    """Changes when the set would be another one."""
    files = sorted((tools.ROOT / "migrations/sqlite").rglob("*.sql"))
    made_of = [VERSION, *(file.read_bytes() for file in files)]
    return hashlib.sha256(b"".join(made_of)).hexdigest()[:12]


def find(bench, entries=None):
    """The set of --entries, or of a smaller one of sizes(); made where it is missing."""
    folder = bench.folder / f"set-{bench.entries}-{recipe()}"
    if not (folder / "whole").exists():
        shutil.rmtree(folder, ignore_errors=True)
        make(bench, folder)
    entries = entries or bench.entries
    return LargeSet(folder / str(entries), entries)


def make(bench, folder):
    tools.say(f"making {bench.entries:,} entries of {bench.entries // CONTACTS_SHARE:,} contacts "
              f"in {folder}; they are kept")
    work = folder / "work"
    work.mkdir(parents=True)
    with servers.Annals(bench, work / "data") as server:
        key = data.found_business(server)
        count = max(bench.entries // CONTACTS_SHARE, 1)
        contacts = data.add_contacts(server, key, count, Progress("contacts", count))
        server.wait_derived()
    (work / "key").write_text(key)
    (work / "contacts").write_text("\n".join(contacts) + "\n")
    progress = Progress("entries", bench.entries)
    at = 0
    for size in sizes(bench.entries):
        at = fill(bench, work, at, size, progress)
        if size == bench.entries:
            work.rename(folder / str(size))
        else:
            shutil.copytree(work, folder / str(size), ignore=shutil.ignore_patterns("*.log"))
    (folder / "whole").write_text(json.dumps({"made": time.strftime("%F")}))


def fill(bench, work, at, size, progress):
    """Appends until there are `size` entries, beside those that brought the contacts."""
    with servers.Annals(bench, work / "data") as server:
        key = (work / "key").read_text()
        while at < size:
            some = min(CHUNK, size - at)
            batch = min(BATCH, some)
            with bench.beside_others():
                measured = data.append(bench, server, key, work / "contacts", at,
                                       connections=CONNECTIONS, batch=batch, seconds=600, warmup=0,
                                       requests=some // batch, hot=HOT)
            at += measured["entries"]
            progress(at)
        server.wait_derived()
    return at


class Progress:
    """Lines like `entries 1,200,000 of 5,000,000 (24 %), 9,800/s, 6 min left`."""

    SECONDS_BETWEEN = 10

    def __init__(self, what, total):
        self.what = what
        self.total = total
        self.began = self.told = time.monotonic()

    def __call__(self, done):
        now = time.monotonic()
        if now - self.told < self.SECONDS_BETWEEN and done < self.total:
            return
        self.told = now
        rate = done / max(now - self.began, 1e-6)
        tools.say(f"{self.what} {done:,} of {self.total:,} ({100 * done // self.total} %), "
                  f"{rate:,.0f}/s, {(self.total - done) / rate / 60:.0f} min left")
