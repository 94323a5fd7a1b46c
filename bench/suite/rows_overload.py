"""The row about more load than there is room for."""

from suite import data, result, servers
from suite.rows_whole import MIB, MemoryWatch

PEAK_CONNECTIONS = (64, 256)
OVERLOAD_CONNECTIONS = 4_000
TIMES = 10
BACKLOG_SECONDS = 0.02  # what finds no free connection by then is not sent at all


def overload(bench):
    """overload: ten times the load that can be sustained"""
    with bench.scratch("overload") as folder, servers.Annals(bench, folder / "data") as server:
        business = data.Business.new(server, folder, bench.contacts)
        with bench.quiet():
            peak = max(business.append(bench, connections=n)["entries_rate"]
                       for n in PEAK_CONNECTIONS)
            with MemoryWatch(server) as watch:
                much = business.append(bench, connections=OVERLOAD_CONNECTIONS,
                                       rate=round(TIMES * peak), backlog=BACKLOG_SECONDS,
                                       may_refuse=True)
            after = business.append(bench)["entries_rate"]
    sent = much["sent"] / much["seconds"]
    refused = much["refused_ms"]
    return [
        result.share("goodput at ten times the load that is sustained", "entries/s",
                     much["entries_rate"], peak, 0.8, of="peak",
                     note=f"open loop by {OVERLOAD_CONNECTIONS:,} connections: "
                          f"{TIMES * peak:,.0f} requests/s were due, {sent:,.0f}/s found a "
                          f"connection, {refused['count'] / much['seconds']:,.0f}/s were refused, "
                          f"{much['without_retry_after']:,} of them without Retry-After; "
                          f"afterwards {after:,.0f} entries/s again"),
        result.at_most("… p99 of the refusals", "ms", refused["p99"], 50),
        result.at_most("… memory meanwhile", "MiB", watch.peak / MIB, 300),
    ]


ROWS = {"overload": overload}
