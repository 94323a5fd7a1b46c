"""What the servers hold: a business, its API key, and its contacts."""

import json
import random

from suite import tools

CONTACTS_PER_REQUEST = 500

FIRST = ["Anna", "Jonas", "Marie", "Lukas", "Sofia", "Paul", "Emma", "Felix", "Mia", "Noah",
         "Ingrid", "Jürgen", "Søren", "Rūta", "Élodie", "Zoë", "Wouter", "Giedrė", "Maximilian",
         "Charlotte"]
SYLLABLES = ["ber", "mann", "sen", "schmi", "dt", "hof", "mei", "er", "wal", "ter", "kra",
             "lin", "de", "vries", "jan", "kau", "skas", "le", "roy", "gro", "ße", "bau",
             "stein", "ko"]


def names(count, seed=7):
    """Pairs of given and family names, common ones far oftener than rare ones."""
    source = random.Random(seed)
    for _ in range(count):
        rank = int(len(FIRST) * source.random() ** 2)
        parts = [SYLLABLES[int(len(SYLLABLES) * source.random() ** 1.5)]
                 for _ in range(source.choice((2, 2, 3)))]
        yield FIRST[rank], "".join(parts).capitalize()


def found_business(server):
    """Sets up the first business; an API key that may do all."""
    _, cookie = server.call("POST", "/setup", {
        "business": {"name": "Bench", "time_zone": "Europe/Berlin", "locale": "de",
                     "currency": "EUR"},
        "owner": {"name": "Ina Berg", "email": "ina@example.com",
                  "password": "correct horse battery"}})
    key, _ = server.call("POST", "/api-keys", {"name": "bench", "scopes": ["admin"]},
                         cookie=cookie)
    return key["secret"]


def contact_line(number, given, family):
    """The entry that brings contact `number` along."""
    return json.dumps({
        "type": "account.created", "source": "seed", "source_id": str(number),
        "contact": {"source": "bench", "external_id": f"{number:09}"},
        "create_contact": {
            "kind": "person", "given_name": given, "family_name": family,
            "emails": [{"address": f"c{number}@example{number % 50}.com"}],
            "phones": [{"number": f"0171 {1000000 + number * 7919 % 9000000}"}],
            "client_number": f"K-{number}"}})


def add_contacts(server, key, count, progress=lambda done: None):
    """Makes contacts with the UIDs bench/000000000 and on; their ids, in that order."""
    lines = [contact_line(i, given, family) for i, (given, family) in enumerate(names(count))]
    ids = []
    for at in range(0, count, CONTACTS_PER_REQUEST):
        body = "\n".join(lines[at:at + CONTACTS_PER_REQUEST]).encode()
        reply, _ = server.call("POST", "/entries", body, key, "application/x-ndjson")
        if reply["rejected"]:
            raise SystemExit(f"bench: a contact was rejected: {reply['rejected'][0]}")
        ids += [item["contact_id"] for item in reply["items"]]
        progress(len(ids))
    return ids


def append(bench, server, key, contacts_file, first, connections=64, batch=1, seconds=None,
           warmup=1, may_refuse=False, **more):
    """Appends entries from number `first` on; what bench_load says of it."""
    arguments = ["--port", server.port, "--key", key, "--contacts", contacts_file,
                 "--connections", connections, "--batch", batch, "--first", first,
                 "--seconds", seconds or bench.seconds, "--warmup", warmup]
    for name, value in more.items():
        arguments += [f"--{name}", value]
    measured = bench.program("load", *arguments)
    tools.expect_success(measured, may_refuse)
    return measured


class Business:
    """A server's business and its contacts, for loads on it. Each load has numbers of its own, so
    that none repeats what another one sent."""

    NUMBERS_OF_A_LOAD = 100_000_000

    def __init__(self, server, key, contacts_file, sent=0):
        self.server = server
        self.key = key
        self.contacts_file = contacts_file
        self.sent = sent

    @classmethod
    def new(cls, server, folder, contacts):
        """Makes the business and so many contacts."""
        key = found_business(server)
        file = folder / "contacts"
        file.write_text("\n".join(add_contacts(server, key, contacts)) + "\n")
        server.wait_derived()
        return cls(server, key, file)

    def append(self, bench, **load):
        measured = append(bench, self.server, self.key, self.contacts_file, self.sent, **load)
        self.sent += self.NUMBERS_OF_A_LOAD
        return measured

    def get(self, bench, targets, connections=4, seconds=None, warmup=1, may_refuse=False,
            **more):
        """GETs of random ones of `targets` (paths below /api/v1)."""
        file = bench.folder / "targets"
        file.write_text("\n".join("/api/v1" + target for target in targets) + "\n")
        arguments = ["--port", self.server.port, "--key", self.key, "--targets", file,
                     "--connections", connections, "--seconds", seconds or bench.seconds,
                     "--warmup", warmup]
        for name, value in more.items():
            arguments += [f"--{name}", value]
        measured = bench.program("load", *arguments)
        tools.expect_success(measured, may_refuse)
        return measured
