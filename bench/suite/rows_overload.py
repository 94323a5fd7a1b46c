"""The rows about more load than there is room for."""

from suite import data, result, rows_read, servers
from suite.rows_whole import MIB, MemoryWatch

PEAK_CONNECTIONS = (64, 256)
OVERLOAD_CONNECTIONS = 4_000
TIMES = 10
BACKLOG_SECONDS = 0.02  # what finds no free connection by then is not sent at all


def too_much(peak):
    """The load itself: open loop, whatever the server says."""
    return {"connections": OVERLOAD_CONNECTIONS, "rate": round(TIMES * peak),
            "backlog": BACKLOG_SECONDS, "may_refuse": True}


def describe(much, peak):
    seconds = much["seconds"]
    return (f"open loop by {OVERLOAD_CONNECTIONS:,} connections: {TIMES * peak:,.0f} requests/s "
            f"were due, {much['sent'] / seconds:,.0f}/s found a connection, "
            f"{much['refused_ms']['count'] / seconds:,.0f}/s were refused, "
            f"{much['without_retry_after']:,} of them without Retry-After; "
            f"who was answered waited for {much['latency_ms']['p99']:,.0f} ms (p99)")


def rows(work, unit, rate, peak, much, watch, after):
    return [
        result.share(work, unit, rate, peak, 0.8, of="peak",
                     note=f"{describe(much, peak)}; afterwards {after:,.0f} {unit} again"),
        result.at_most("… p99 of the refusals", "ms", much["refused_ms"]["p99"], 50),
        result.at_most("… memory meanwhile", "MiB", watch.peak / MIB, 300),
    ]


def appends(bench):
    """overload: ten times the appends that can be sustained"""
    with bench.scratch("overload") as folder, servers.Annals(bench, folder / "data") as server:
        business = data.Business.new(server, folder, bench.contacts)
        with bench.quiet():
            peak = max(business.append(bench, connections=n)["entries_rate"]
                       for n in PEAK_CONNECTIONS)
            with MemoryWatch(server) as watch:
                much = business.append(bench, **too_much(peak))
            after = business.append(bench)["entries_rate"]
    return rows("goodput at ten times the appends that are sustained", "entries/s",
                much["entries_rate"], peak, much, watch, after)


def reads(bench):
    """overload-reads: ten times the costly reads that can be sustained"""
    with rows_read.Reading(bench) as reading:
        targets = [f"/contacts/{reading.contacts[0]}/entries?facets=1"]
        peak = max(reading.get(targets, n)["rate"] for n in (4, 16))
        with MemoryWatch(reading.server) as watch:
            much = reading.get(targets, **too_much(peak))
        after = reading.get(targets)["rate"]
    return rows("goodput at ten times the costly reads that are sustained", "requests/s",
                much["rate"], peak, much, watch, after)


ROWS = {"overload": appends, "overload-reads": reads}
