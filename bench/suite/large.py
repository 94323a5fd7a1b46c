"""The large data set: made once through the API, kept, and copied for what writes."""

import hashlib
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
    """The set of so many entries (--entries, unless said otherwise); made where it is missing."""
    entries = entries or bench.entries
    folder = bench.folder / f"set-{entries}-{recipe()}"
    if not folder.exists():
        make(bench, folder, entries)
    return LargeSet(folder, entries)


def make(bench, folder, entries):
    contacts = max(entries // CONTACTS_SHARE, 1)
    tools.say(f"making {entries:,} entries of {contacts:,} contacts in {folder}; they are kept")
    work = folder.with_suffix(".part")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    with servers.Annals(bench, work / "data") as server:
        key = data.found_business(server)
        ids = data.add_contacts(server, key, contacts, Progress("contacts", contacts))
        (work / "key").write_text(key)
        (work / "contacts").write_text("\n".join(ids) + "\n")
        server.wait_derived()
        fill(bench, server, work, entries)
        server.wait_derived()
    work.rename(folder)


def fill(bench, server, work, entries):
    """Appends so many, beside those that brought the contacts."""
    key = (work / "key").read_text()
    progress = Progress("entries", entries)
    at = 0
    while at < entries:
        some = min(CHUNK, entries - at)
        batch = min(BATCH, some)
        with bench.beside_others():
            measured = data.append(bench, server, key, work / "contacts", at,
                                   connections=CONNECTIONS, batch=batch, seconds=600, warmup=0,
                                   requests=some // batch, hot=HOT)
        at += measured["entries"]
        progress(at)


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
