"""Rows of the table about appending."""

from suite import data, large, result, servers, tools


def bare(bench, *arguments):
    """SQLite itself, on a new folder."""
    with bench.scratch("bare") as folder:
        return bench.program("bare_append", "--folder", folder / "data", "--seconds",
                             bench.seconds, "--contacts", bench.contacts, *arguments)


def on_sqlite(bench, **load):
    """A new server and the load; what bench_load says, and until when all of it was derived."""
    with bench.scratch("append") as folder, servers.Annals(bench, folder / "data") as server:
        measured = data.Business.new(server, folder, bench.contacts).append(bench, **load)
        drain = tools.seconds_of(server.wait_derived)
        measured["sustained_rate"] = measured["entries"] / (measured["seconds"] + drain)
        return measured


def on_postgres(bench, postgres, **load):
    database = postgres.new_database("annals")
    with bench.scratch("append") as folder, \
            servers.Annals(bench, folder / "data", database) as server:
        return data.Business.new(server, folder, bench.contacts).append(bench, **load)


def one(bench):
    """append: one entry a request, SQLite"""
    with bench.quiet():
        limit = bare(bench, "--threads", 64)
    with bench.quiet():
        full = on_sqlite(bench)
    with bench.quiet():
        calm = on_sqlite(bench, connections=4)
    latency = calm["latency_ms"]
    return [
        result.share("append, one entry a request, SQLite, 64 connections", "entries/s",
                     full["entries_rate"], limit["rate"], 0.6,
                     note=f"bare: 64 waiting threads, p99 {limit['latency_ms']['p99']:.1f} ms; "
                          f"Annals at 64 connections: p99 {full['latency_ms']['p99']:.1f} ms"),
        result.at_most("… its p99, 4 connections", "ms", latency["p99"], 10),
        result.at_most("… its p99.9, 4 connections", "ms", latency["p999"], 300),
    ]


def hundred(bench):
    """append-100: 100 entries a request, SQLite"""
    with bench.quiet():
        limit = bare(bench, "--group", 1024)
    with bench.quiet():
        full = on_sqlite(bench, batch=100)
    return [result.share("append, 100 entries a request, SQLite, 64 connections", "entries/s",
                         full["sustained_rate"], limit["sustained_rate"], 0.6,
                         note="both until the last entry is in the index")]


def alone(bench):
    """append-alone: one client, one at a time"""
    with bench.quiet():
        limit = bare(bench, "--group", 1)
    with bench.quiet():
        full = on_sqlite(bench, connections=1)
    return [result.times("append, one client, one at a time (mean)", "ms",
                         full["latency_ms"]["mean"], limit["latency_ms"]["mean"], 2.5)]


def large_append(bench):
    """append-large: the same rates after the large data set"""
    with bench.quiet():
        empty_ones = on_sqlite(bench)["entries_rate"]
    with bench.quiet():
        empty_hundreds = on_sqlite(bench, batch=100)["sustained_rate"]
    with bench.scratch("append-large") as folder:
        whole = large.find(bench)
        with bench.beside_others():
            whole.copy_to(folder / "data")
        with servers.Annals(bench, folder / "data") as server:
            business = whole.business(server)
            with bench.quiet():
                business.append(bench)  # until its part of the files is in memory, as in a service
                with Lag(server) as lag:
                    ones = business.append(bench)
                    server.wait_derived()
            with bench.quiet():
                hundreds = business.append(bench, batch=100)
                drain = tools.seconds_of(server.wait_derived)
                calm = business.append(bench, connections=4)
    after = f"after {bench.entries:,} entries of {len(whole.contacts()):,} contacts"
    sustained = hundreds["entries"] / (hundreds["seconds"] + drain)
    return [
        result.share(f"append, one entry a request, {after}", "entries/s", ones["entries_rate"],
                     empty_ones, 0.6, of="empty"),
        result.share(f"append, 100 entries a request, {after}", "entries/s", sustained,
                     empty_hundreds, 0.6, of="empty"),
        result.at_most("… p99 of one entry a request, 4 connections", "ms",
                       calm["latency_ms"]["p99"], 15),
        result.at_most("… p99 of how far the index is behind, 64 connections", "ms",
                       lag.p99_ms(), 300,
                       note="by the server's own count, whose bounds are 1, 2, 5 … 250, 300, 400 "
                            "ms"),
    ]


class Lag:
    """How long what was committed meanwhile took until the index had it."""

    NAME = "annals_index_lag_seconds"

    def __init__(self, server):
        self.server = server
        self.before = self.after = {}

    def __enter__(self):
        self.before = self.server.buckets(self.NAME)
        return self

    def __exit__(self, *_):
        self.after = self.server.buckets(self.NAME)

    def p99_ms(self):
        """The bound that 99 % of the commits did not pass, of those that the server counts by."""
        counts = {bound: n - self.before.get(bound, 0) for bound, n in self.after.items()}
        whole = max(counts.values(), default=0)
        return 1000 * min(bound for bound, n in counts.items() if n >= 0.99 * whole)


def postgres(bench):
    """postgres: one and 100 entries a request, PostgreSQL"""
    with servers.Postgres(bench) as server:
        def bare_postgres(*arguments):
            with bench.quiet():
                url = server.new_database("bare")
                measured = bench.program("bare_postgres", "--url", url, "--seconds", bench.seconds,
                                         "--contacts", bench.contacts, *arguments)
                server.drop_database("bare")
                return measured["rate"]

        single = bare_postgres("--connections", 16)
        single_derived = bare_postgres("--connections", 16, "--derive")
        group = bare_postgres("--connections", 4, "--group", 128)
        group_derived = bare_postgres("--connections", 1, "--group", 128, "--derive")
        with bench.quiet():
            ones = on_postgres(bench, server)
        server.drop_database("annals")
        with bench.quiet():
            hundreds = on_postgres(bench, server, batch=100)
    return [
        result.share("append, one entry a request, PostgreSQL, 64 connections", "entries/s",
                     ones["entries_rate"], single, 1.0,
                     note="bare: 16 connections, one INSERT each, journal and idempotency only"),
        result.share("… beside a bare engine that writes the derived tables too", "entries/s",
                     ones["entries_rate"], single_derived, 1.0),
        result.share("append, 100 entries a request, PostgreSQL, 64 connections", "entries/s",
                     hundreds["entries_rate"], group, 0.6,
                     note="bare: 4 connections, unnest of 128, journal and idempotency only"),
        result.share("… beside a bare engine that writes the derived tables too", "entries/s",
                     hundreds["entries_rate"], group_derived, 0.6,
                     note="bare: one connection, as a business has one turn"),
    ]


ROWS = {"append": one, "append-100": hundred, "append-alone": alone,
        "append-large": large_append, "postgres": postgres}
