"""What the servers hold: a business, its API key, and its contacts."""

import json
import random

CONTACTS_PER_REQUEST = 500

FIRST = ["Anna", "Jonas", "Marie", "Lukas", "Sofia", "Paul", "Emma", "Felix", "Mia", "Noah",
         "Ingrid", "Jürgen", "Søren", "Rūta", "Élodie", "Zoë", "Wouter", "Giedrė", "Maximilian",
         "Charlotte"]
SYLLABLES = ["ber", "mann", "sen", "schmi", "dt", "hof", "mei", "er", "wal", "ter", "kra",
             "lin", "de", "vries", "jan", "kau", "skas", "le", "roy", "gro", "ße", "bau", "stein", "ko"]


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


class Fresh:
    """A server's new business with `count` contacts, and what a load on it needs."""

    def __init__(self, server, folder, count):
        self.server = server
        self.key = found_business(server)
        self.contacts = add_contacts(server, self.key, count)
        self.contacts_file = folder / "contacts"
        self.contacts_file.write_text("\n".join(self.contacts) + "\n")
        self.sent = 0
        server.wait_derived()

    def append(self, bench, connections=64, batch=1, seconds=None, warmup=1, rate=0, **more):
        """Appends entries; what bench_load says of it."""
        arguments = ["--port", self.server.port, "--key", self.key, "--contacts",
                     self.contacts_file, "--connections", connections, "--batch", batch,
                     "--seconds", seconds or bench.seconds, "--warmup", warmup, "--rate", rate,
                     "--first", self.sent]
        for name, value in more.items():
            arguments += [f"--{name}", value]
        result = bench.program("load", *arguments)
        self.sent += 100_000_000  # numbers that no other load has
        bad = {status: n for status, n in result["statuses"].items() if not status.startswith("2")}
        if bad:
            result["bad"] = bad
        return result
