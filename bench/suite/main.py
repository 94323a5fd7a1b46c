"""The command line."""

import argparse
import json
import signal

from suite import (data, large, result, rows_append, rows_overload, rows_read, rows_whole, servers,
                   tools)

ROWS = {**rows_append.ROWS, **rows_read.ROWS, **rows_whole.ROWS, **rows_overload.ROWS}


def serve(bench):
    """serve: (no row) a server with contacts, for loads by hand, until it is told to end"""
    with bench.scratch("serve") as folder, servers.Annals(bench, folder / "data") as server:
        business = data.Business.new(server, folder, bench.contacts)
        print(f"pid {server.process.pid} --port {server.port} --key {business.key} "
              f"--contacts {business.contacts_file}", flush=True)
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
        try:
            signal.pause()
        except KeyboardInterrupt:
            pass
    return []


def make_set(bench):
    """set: (no row) makes the large data set, where it is missing"""
    large.find(bench)
    return []


SERVICES = {"serve": serve, "set": make_set}


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="./dev bench", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Measures Annals beside its limits, in the same run.",
        epilog="rows:\n" + "\n".join(f"  {name:14} {row.__doc__.partition(': ')[2]}"
                                     for name, row in {**ROWS, **SERVICES}.items()))
    parser.add_argument("rows", nargs="*", metavar="row", help="all, unless some are named")
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
    parser.add_argument("--json", help="write the lines into this file too")
    options = parser.parse_args(arguments)
    for name in options.rows:
        if name not in {**ROWS, **SERVICES}:
            parser.error(f"there is no row {name}")
    return options


def main(arguments=None):
    options = parse(arguments)
    bench = tools.Bench(options)
    lines = []
    for name in options.rows or ROWS:
        tools.say(f"{name} …")
        found = {**ROWS, **SERVICES}[name](bench)
        tools.say("\n" + result.text(found))
        lines += found
    print(result.text(lines))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump([vars(line) for line in lines], file, indent=1, ensure_ascii=False)
    return 0 if all(line.met for line in lines) else 1
