"""Rows of the table about the ledger: what it costs, and how fast it is checked."""

import json
import os
import re
import subprocess
import time

from suite import large, result, rows_append, servers

LOG_ENTRIES = 1_000_000  # of the log that is verified, and that the bundle is taken out of


def append(bench):
    """ledger: appends with and without it"""
    with bench.quiet():
        on = rows_append.on_sqlite(bench, batch=100)["sustained_rate"]
    without = bench.programs / "bench_annals_without_ledger"
    with bench.quiet():
        off = rows_append.on_sqlite(bench.with_annals(without), batch=100)["sustained_rate"]
    return [result.share("append, 100 entries a request, SQLite, with the ledger", "entries/s", on,
                         off, 0.75, of="without",
                         note="without: the same server, linked with functions that make no "
                              "commitment, no leaf and no tree")]


def hashing_rate(bench):
    """Commitment, leaf and node of a record, a second and core."""
    done = subprocess.run([bench.programs / "micro_ledger", "--benchmark_filter=^commit_and_grow$",
                           "--benchmark_format=json"], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)["benchmarks"][0]["items_per_second"]


def run(command, good=(0,)):
    """What a program says, its seconds, and those of processors that it took."""
    began = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in good:
        raise SystemExit(f"bench: {command} ended with {process.returncode}: {said[:500]}")
    return said, time.monotonic() - began, usage.ru_utime + usage.ru_stime


def leaves_in(said):
    """How many leaves `annals verify` says that it read."""
    return int(re.match(r"(\d+) leaves", said).group(1))


UNANCHORED = 10  # what a check ends with that knows no checkpoint from outside


def verify(bench):
    """verify: leaves a second and core, by annals verify"""
    with bench.quiet():
        hashing = hashing_rate(bench)
    stored = large.find(bench, min(bench.entries, LOG_ENTRIES))
    with bench.scratch("verify") as folder:
        with bench.beside_others():
            stored.copy_to(folder / "data")
        command = [bench.annals, "--log-level", "error", "verify", "--data", folder / "data"]
        with bench.quiet():
            run(command, (UNANCHORED,))  # until the files are in memory
            said, seconds, processors = run(command, (UNANCHORED,))
    leaves = leaves_in(said)
    return [
        result.at_least("verify, hashing alone, one core", "leaves/s", hashing, 300_000),
        result.at_least("verify from the database, one core", "leaves/s", leaves / processors,
                        180_000,
                        note=f"{leaves:,} leaves in {seconds:.1f} s, on all cores; a rate of "
                             "processor time"),
    ]


def bundle(bench):
    """bundle: all of the largest contact, made and checked"""
    stored = large.find(bench, min(bench.entries, LOG_ENTRIES))
    contact = stored.contacts()[0]
    with bench.scratch("bundle") as folder:
        with bench.beside_others():
            stored.copy_to(folder / "data")
        file = folder / "bundle.zip"
        with bench.quiet():
            said, made, _ = run([bench.annals, "--log-level", "error", "export", "--data",
                                 folder / "data", "--contact", contact, "--bundle", file])
            _, checked, _ = run([bench.annals.parent / "annals-verify", file], (0, UNANCHORED))
        with servers.Annals(bench, folder / "data") as server:
            business = stored.business(server)
            newest, _ = server.call("GET", f"/contacts/{contact}/entries?limit=1", key=business.key)
            entry = newest["items"][0]["id"]
            proof = server.size(f"/ledger/entries/{entry}/proof", business.key)
    entries = int(said.split()[0])
    work = f"bundle of {entries:,} entries of a contact, of {stored.entries:,}"
    return [
        result.at_most(f"{work}, made", "s", made, 10),
        result.at_most("… checked by annals-verify", "s", checked, 2),
        result.at_most("… the size of one proof", "bytes", proof, 2048),
    ]


ROWS = {"ledger": append, "verify": verify, "bundle": bundle}
