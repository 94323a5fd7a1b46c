"""Rows of the table about appending."""

from suite import data, result, servers, tools


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


ROWS = {"append": one, "append-100": hundred, "append-alone": alone, "postgres": postgres}
