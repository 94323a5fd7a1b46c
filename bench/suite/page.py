"""docs/performance.md and its plots, from what was measured, bench/page.md and bench/remarks.md."""

import os
import pathlib
import platform
import re
import sqlite3
import string
import subprocess
import time

from suite import plot, result, servers, tools

DOCS = tools.ROOT / "docs"
SYNCS = 200

def version_of(*command):
    """The first number with points that a program says."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
    except OSError:
        return "not there"
    found = re.search(r"\d+(?:\.\d+)+", done.stdout)
    return found.group(0) if found else "unknown"


def field(path, pattern):
    found = re.search(pattern, pathlib.Path(path).read_text(encoding="utf-8"), re.MULTILINE)
    return found.group(1) if found else "unknown"


def sync_ms(folder):
    """The median of how long 4 KiB take to the disk."""
    path = folder / "sync"
    took = []
    with open(path, "wb", buffering=0) as file:
        for _ in range(SYNCS):
            file.write(os.urandom(4096))
            took.append(tools.seconds_of(lambda: os.fdatasync(file.fileno())) * 1000)
    path.unlink()
    return sorted(took)[SYNCS // 2]


def machine(bench):
    memory = int(field("/proc/meminfo", r"^MemTotal:\s+(\d+)")) / 1024 ** 2
    with bench.quiet():
        sync = sync_ms(bench.folder)
    rows = {
        "processor": f"{os.cpu_count()} cores, {field('/proc/cpuinfo', r'^model name.*: (.*)$')}",
        "memory": f"{memory:.0f} GiB",
        "disk": f"4 KiB appended and synced in {sync:.2f} ms (median)",
        "system": f"{field('/etc/os-release', r'^PRETTY_NAME=.(.*).$')}, Linux "
                  f"{platform.release().split('-')[0]}",
        "engines": f"SQLite {sqlite3.sqlite_version}, "
                   f"PostgreSQL {version_of(servers.POSTGRES / 'postgres', '--version')}, "
                   f"nginx {version_of('/usr/sbin/nginx', '-v')}",
    }
    return "".join(f"| {name} | {value} |\n" for name, value in rows.items())


def cell(line, value):
    return f"{result.number(value)} {line.unit}" if value is not None else ""


def table(lines):
    out = ["| work | Annals | limit | ratio | bar | |", "|---|--:|--:|--:|---|---|"]
    for line in lines:
        ratio = f"{line.ratio:.2f}" if line.ratio is not None else ""
        out.append(f"| {line.work} | {cell(line, line.measured)} | {cell(line, line.limit)} | "
                   f"{ratio} | {line.bar} | {'met' if line.met else '**not met**'} |")
    notes = [f"- {line.work}: {line.note}." for line in lines if line.note]
    return "\n".join(out) + "\n\n" + "\n".join(notes) + "\n"


def draw(curves):
    folder = DOCS / "performance"
    folder.mkdir(exist_ok=True)
    by_size = curves["rate_by_size"]
    rates = {name: [(p["entries"], p[key]) for p in by_size]
             for name, key in (("Annals", "annals"), ("bare SQLite", "bare"))}
    (folder / "rate-by-size.svg").write_text(plot.svg(
        "Appends a second against what is stored",
        plot.axis("entries stored", [p["entries"] for p in by_size], logarithmic=True),
        plot.axis("entries a second", [y for points in rates.values() for _, y in points]),
        rates), encoding="utf-8")
    by_load = curves["latency_by_load"]
    latencies = {name: [(p["rate"], p[key]) for p in by_load]
                 for name, key in (("p50", "p50"), ("p99", "p99"), ("p99.9", "p999"))}
    (folder / "latency-by-load.svg").write_text(plot.svg(
        "Latency of an append against load",
        plot.axis("entries a second", [p["rate"] for p in by_load]),
        plot.axis("milliseconds", [y for points in latencies.values() for _, y in points],
                  logarithmic=True),
        latencies), encoding="utf-8")


def write(bench, lines, curves, commit):
    """`lines` and `curves` as they were measured, of a build of `commit`."""
    draw(curves)
    template = string.Template((tools.ROOT / "bench/page.md").read_text(encoding="utf-8"))
    remarks = (tools.ROOT / "bench/remarks.md").read_text(encoding="utf-8")
    text = template.substitute(
        date=time.strftime("%F"), commit=commit, met=sum(line.met for line in lines),
        all=len(lines), table=table(lines), remarks=remarks.strip(), machine=machine(bench).strip())
    (DOCS / "performance.md").write_text(text, encoding="utf-8")
