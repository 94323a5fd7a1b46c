"""The command line."""

import argparse
import signal
import subprocess

from suite import (curves, data, large, page, result, rows_append, rows_ledger, rows_overload,
                   rows_read, rows_whole, servers, tools)

ROWS = {**rows_append.ROWS, **rows_read.ROWS, **rows_whole.ROWS, **rows_overload.ROWS,
        **rows_ledger.ROWS}


def serve(bench):
    """serve: a server with contacts, for loads by hand, until it is told to end"""
    with bench.scratch("serve") as folder, servers.Annals(bench, folder / "data") as server:
        business = data.Business.new(server, folder, bench.contacts)
        print(f"pid {server.process.pid} --port {server.port} --key {business.key} "
              f"--contacts {business.contacts_file}", flush=True)
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
        try:
            signal.pause()
        except KeyboardInterrupt:
            pass


def make_set(bench):
    """set: makes the large data set, where it is missing"""
    large.find(bench)


def draw_curves(bench):
    """curves: measures what the plots show"""
    bench.keep("curves", {"rate_by_size": curves.rate_by_size(bench),
                          "latency_by_load": curves.latency_by_load(bench)})


def make_page(bench):
    """page: writes docs/performance.md from the last measurements of all rows"""
    kept = bench.kept()
    missing = [name for name in ("curves", *ROWS) if name not in kept]
    if missing:
        raise SystemExit(f"bench: not measured yet: {' '.join(missing)}")
    lines = [result.Line(**line) for name in ROWS for line in kept[name]]
    page.write(bench, lines, kept["curves"], commit())


OTHERS = {"serve": serve, "set": make_set, "curves": draw_curves, "page": make_page}


def commit():
    done = subprocess.run(["git", "-C", tools.ROOT, "rev-parse", "--short", "HEAD"], check=True,
                          stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


def describe(functions):
    return "\n".join(f"  {name:14} {function.__doc__.partition(': ')[2]}"
                     for name, function in functions.items())


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="./dev bench", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Measures Annals beside its limits, in the same run. Without names: all rows, "
                    "the curves, and the page docs/performance.md.",
        epilog=f"rows:\n{describe(ROWS)}\nbesides:\n{describe(OTHERS)}")
    parser.add_argument("names", nargs="*", metavar="name", help="rows, or what is besides")
    parser.add_argument("--annals", default=tools.ROOT / "build/release/annals",
                        help="the program (default: build/release/annals)")
    parser.add_argument("--programs", default=tools.ROOT / "build/release",
                        help="where the bench_* programs are (default: build/release)")
    parser.add_argument("--folder", default=tools.ROOT / "build/bench",
                        help="for data (default: build/bench)")
    parser.add_argument("--seconds", type=float, default=10, help="of each load (default: 10)")
    parser.add_argument("--entries", type=int, default=5_000_000,
                        help="of the large data set (default: 5,000,000)")
    parser.add_argument("--contacts", type=int, default=10_000,
                        help="where a row begins with no entries (default: 10,000)")
    parser.add_argument("--appointments", default=rows_whole.APPOINTMENTS,
                        help="the file of the row `import`")
    parser.add_argument("--lock", help="measure only while holding this file's lock")
    options = parser.parse_args(arguments)
    for name in options.names:
        if name not in {**ROWS, **OTHERS}:
            parser.error(f"there is no {name}")
    return options


def main(arguments=None):
    options = parse(arguments)
    bench = tools.Bench(options)
    lines = []
    for name in options.names or [*ROWS, "curves", "page"]:
        tools.say(f"{name} …")
        if name in OTHERS:
            OTHERS[name](bench)
            continue
        found = ROWS[name](bench)
        bench.keep(name, [vars(line) for line in found])
        tools.say("\n" + result.text(found))
        lines += found
    if lines:
        print(result.text(lines))
    return 0 if all(line.met for line in lines) else 1
