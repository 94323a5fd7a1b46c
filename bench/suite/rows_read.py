"""Rows of the table about reading, on the large data set."""

import random

from suite import data, large, result, servers

LATENCY_CONNECTIONS = 4
THROUGHPUT_CONNECTIONS = 64
TARGETS = 20_000
RARE_WORD = "zahnspange"     # bench/drafts.h: in the text of one draft in 1,000
UNKNOWN_WORD = "xylofonqqq"
TYPES = ["appointment.booked", "appointment.completed", "payment.taken", "email.sent", "call"]
PAGE = 50


def months(entries):
    """The months that the set spans, as query parameters (bench/drafts.h: 19 s an entry)."""
    days = max(int(entries * 19 / 86_400), 1)
    count = max(min(days // 30, 36), 1)
    found = []
    for i in range(count):
        year, month = 2023 + i // 12, i % 12 + 1
        after = (year + month // 12, month % 12 + 1)
        found.append(f"from={year}-{month:02}-01&to={after[0]}-{after[1]:02}-01")
    return found


def choose(make, count=TARGETS, seed=11):
    """So many targets, made by make(source of randomness)."""
    source = random.Random(seed)
    return [make(source) for _ in range(count)]


class Reading:
    """A server on the warm large set, ready for GETs."""

    def __init__(self, bench):
        self.bench = bench
        self.set = large.find(bench)

    def __enter__(self):
        self.set.warm()
        self.server = self.set.serve(self.bench).__enter__()
        self.business = self.set.business(self.server)
        self.contacts = self.set.contacts()
        self.months = months(self.set.entries)
        return self

    def __exit__(self, *error):
        self.server.__exit__(*error)

    def get(self, targets, connections=LATENCY_CONNECTIONS, **more):
        with self.bench.quiet():
            return self.business.get(self.bench, targets, connections, **more)

    def p99(self, targets, **more):
        return self.get(targets, **more)["latency_ms"]["p99"]


def scale(bench):
    """How large the set is, for the names of rows."""
    return f"{bench.entries:,} entries"


def newest(bench):
    """newest: the newest 50 entries of a random contact"""
    with Reading(bench) as reading:
        targets = choose(lambda source: f"/contacts/{source.choice(reading.contacts)}/entries"
                                        f"?limit={PAGE}")
        with bench.quiet():
            limit = bench.program("bare_read", "--folder", reading.set.data, "--threads", 2,
                                  "--seconds", bench.seconds, "--limit", PAGE)
        full = reading.get(targets, THROUGHPUT_CONNECTIONS)
        calm = reading.get(targets)
    work = f"newest {PAGE} of a random contact, {scale(bench)}, warm"
    return [
        result.share(work + ", 64 connections", "pages/s", full["rate"], limit["rate"], 0.5,
                     note=f"bare: one statement a page on two threads, "
                          f"p99 {limit['latency_ms']['p99']:.2f} ms"),
        result.at_most("… its p99, 4 connections", "ms", calm["latency_ms"]["p99"], 4),
    ]


def filtered(bench):
    """filter: by type and month, one contact and all"""
    with Reading(bench) as reading:
        def query(source):
            return f"type={source.choice(TYPES)}&{source.choice(reading.months)}"
        anyone = choose(lambda s: f"/contacts/{s.choice(reading.contacts)}/entries?{query(s)}")
        hottest = choose(lambda s: f"/contacts/{reading.contacts[0]}/entries?{query(s)}", 500)
        everyone = choose(lambda s: f"/entries?{query(s)}", 500)
        return [
            result.at_most("filter by type and month, a random contact: p99", "ms",
                           reading.p99(anyone), 5),
            result.at_most("… the contact with most entries: p99", "ms", reading.p99(hottest), 5),
            result.at_most("… all clients: p99", "ms", reading.p99(everyone), 10),
        ]


def facets(bench):
    """facets: counts over all clients"""
    with Reading(bench) as reading:
        plain = ["/entries?facets=1"]
        filters = plain + ["/entries?facets=1&" + query for query in (
            "category=payments", "type=call", "direction=inbound", "method=email&method=sms",
            "origin=automatic&category=appointments", reading.months[0], reading.months[-1],
            f"type=appointment.booked&{reading.months[len(reading.months) // 2]}")]
        hottest = [f"/contacts/{reading.contacts[0]}/entries?facets=1"]
        return [
            result.at_most("facets over all clients, no filter: p99", "ms", reading.p99(plain),
                           100),
            result.at_most("… with one or two filters: p99", "ms", reading.p99(filters), 100),
            result.at_most("… the contact with most entries: p99", "ms", reading.p99(hottest), 100,
                           note="no bar of the issue's: the one for all clients is taken"),
        ]


def full_text(bench):
    """search: full text over all"""
    with Reading(bench) as reading:
        return [
            result.at_most("full text over all, a word in 1 of 1,000 entries: p99", "ms",
                           reading.p99([f"/entries?q={RARE_WORD}"]), 30),
            result.at_most("… a word in none: p99", "ms",
                           reading.p99([f"/entries?q={UNKNOWN_WORD}"]), 3),
        ]


def as_typed(count, total, seed=3):
    """Searches for `count` contacts, letter by letter: given name, blank, family name."""
    people = list(data.names(total))
    targets = []
    for given, family in random.Random(seed).sample(people, min(count, total)):
        whole = f"{given} {family}"
        targets += ["/contacts?q=" + servers.quote(whole[:n]) for n in range(1, len(whole) + 1)]
    return targets


def contact_search(bench):
    """contacts: search as you type"""
    with Reading(bench) as reading:
        measured = reading.p99(as_typed(500, len(reading.contacts)))
        return [result.at_most(f"contact search as you type, {len(reading.contacts):,} contacts: "
                               "p99", "ms", measured, 15)]


def one_entry(bench):
    """get: one entry by its id, beside nginx"""
    with Reading(bench) as reading:
        ids = []
        for contact in random.Random(5).sample(reading.contacts, min(200, len(reading.contacts))):
            page, _ = reading.server.call("GET", f"/contacts/{contact}/entries?limit=50",
                                          key=reading.business.key)
            ids += [item["id"] for item in page["items"]]
        full = reading.get([f"/entries/{entry}" for entry in ids], THROUGHPUT_CONNECTIONS)
        size = reading.server.size(f"/entries/{ids[0]}", reading.business.key)
    with bench.scratch("nginx") as folder, servers.Nginx(folder, size) as nginx, bench.quiet():
        targets = folder / "targets"
        targets.write_text("/entry\n")
        limit = bench.program("load", "--port", nginx.port, "--targets", targets, "--connections",
                              THROUGHPUT_CONNECTIONS, "--seconds", bench.seconds, "--warmup", 1)
    return [result.share("an authenticated GET of one entry, 64 connections", "requests/s",
                         full["rate"], limit["rate"], 0.3, of="nginx",
                         note=f"nginx answers a fixed body of {size} bytes")]


ROWS = {"newest": newest, "filter": filtered, "facets": facets, "search": full_text,
        "contacts": contact_search, "get": one_entry}
