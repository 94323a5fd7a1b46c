"""What the plots show: the rate of appends against size, and their latency against load."""

from suite import data, large, servers, tools

PARTS = (500, 50, 5, 1)  # of the large set: 10,000, 100,000, 1,000,000 and 5,000,000
SHARES = (0.1, 0.25, 0.5, 0.7, 0.8, 0.9, 1.0)


def rate_by_size(bench):
    """[{entries, annals, bare}]: appends a second on a copy of each set."""
    points = []
    for part in PARTS:
        entries = bench.entries // part
        tools.say(f"rate at {entries:,} entries …")
        stored = large.find(bench, entries)
        with bench.scratch("curve") as folder:
            with bench.beside_others():
                stored.copy_to(folder / "data")
            with bench.quiet(), servers.Annals(bench, folder / "data") as server:
                business = stored.business(server)
                business.append(bench)
                annals = business.append(bench)["entries_rate"]
                server.wait_derived()
            with bench.quiet():
                bare = bench.program("bare_append", "--folder", folder / "data", "--threads", 64,
                                     "--seconds", bench.seconds)["rate"]
        points.append({"entries": entries, "annals": annals, "bare": bare})
    return points


def latency_by_load(bench):
    """[{rate, p50, p99, p999}]: an open loop by 64 connections, up to what a closed loop of as many
    reaches. From when a request was due until its answer was there."""
    points = []
    with bench.scratch("curve") as folder, servers.Annals(bench, folder / "data") as server:
        business = data.Business.new(server, folder, bench.contacts)
        with bench.quiet():
            peak = business.append(bench)["entries_rate"]
        for share in SHARES:
            rate = round(peak * share)
            with bench.quiet():
                measured = business.append(bench, rate=rate)
            latency = measured["latency_ms"]
            points.append({"rate": measured["entries_rate"], "due": rate, "p50": latency["p50"],
                           "p99": latency["p99"], "p999": latency["p999"]})
    return points
