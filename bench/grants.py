#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what many grants cost: two owners side by side on loopback, one without any grant, one with many.

Both hold the same number of public records, which are read and followed: the answers are the same bytes. What is published
has a section for partners too, and of the grants those of one offer match it, so it enters that offer's feed besides; the
reader's node, which would follow the feeds of all offers on the same processors, stands still meanwhile.
"""
import argparse
import datetime
import json
import os
import pathlib
import shutil
import sys
import tempfile

import rounds
from rounds import federation

OWNERS = {"none": "9999:owner-without", "many": "9999:owner-with"}
READER, NEWCOMER = "9999:reader", "9999:newcomer"
UNARY_RECORDS, STREAM_RECORDS, GETS = 10_000, 25_600, 40_000
LINES = ("publish-unary", "publish-stream", "get", "follow")


class Stage(rounds.Stage):
    """Two owners, a reader, and a node that follows from nothing."""

    def build(self):
        self.federation.start_operator(rounds.OPERATOR, "事務局", "Secretariat")
        add = self.federation.add_member
        self.owners = {name: add(name, participant, "所有者", "Owner", "--role", "manufacturer")
                       for name, participant in OWNERS.items()}
        self.reader = add("reader", READER, "再資源化業者", "Reader", "--role", "converter")
        self.newcomer = add("newcomer", NEWCOMER, "新人", "Newcomer", "--role", "converter")
        self.newcomer.stop()
        shutil.copytree(self.newcomer.folder, self.folder / "newcomer.before")
        self.granted = self.measure("grants", "--home", self.home(self.owners["many"]), "--reader-home",
                                    self.home(self.reader), "--offers", self.options.offers, "--grants",
                                    self.options.grants // self.options.offers)
        self.reader.stop()
        for name, owner in self.owners.items():
            self.measure("fill", "--home", self.home(owner), "--count", self.options.records, "--ids", self.ids_of(name))
            owner.stop()
            shutil.copytree(owner.folder, self.folder / f"{owner.name}.before")
            owner.start()

    def ids_of(self, name):
        return self.folder / f"record-ids-{name}"

    def home_of_the_readers_node(self, owner):
        """A client folder that calls `owner` as the reader's node does."""
        folder = self.folder / f"reader-at-{owner.name}"
        if not folder.exists():
            shutil.copytree(self.home(self.reader), folder)
            for name, source in (("client.key", "keys/node.key"), ("client.crt", "certs/node.crt"),
                                 ("roots.crt", "certs/peer-roots.crt")):
                shutil.copy(self.reader.folder / source, folder / name)
            settings = (self.home(owner) / "client.toml").read_text(encoding="utf-8")
            (folder / "client.toml").write_text(settings.replace(owner.participant, READER), encoding="utf-8")
        return folder

    def take(self, line, name):
        owner = self.owners[name]
        if line.startswith("publish"):
            count = UNARY_RECORDS if line == "publish-unary" else STREAM_RECORDS
            self.restart_as_before(owner)
            try:
                return self.measure(line, "--home", self.home(owner), "--count", count, "--partners")
            finally:
                self.restart_as_before(owner)
        if line == "get":
            return self.measure("get", "--home", self.home_of_the_readers_node(owner), "--ids", self.ids_of(name),
                                "--publisher", owner.participant, "--count", GETS, "--in-flight", 64)
        self.restart_as_before(self.newcomer)
        return self.measure("follow", "--home", self.home(self.newcomer), "--publisher", owner.participant, "--size",
                            self.options.records)


def run(options, folder):
    stage = Stage(options, folder)
    samples = {line: {name: [] for name in OWNERS} for line in LINES}
    try:
        print(f"bench: {options.grants:,} grants of {options.offers:,} offers, {options.records:,} records each", flush=True)
        stage.build()
        for index in range(options.rounds):
            print(f"bench: round {index + 1} of {options.rounds}", flush=True)
            order = list(OWNERS) if index % 2 == 0 else list(OWNERS)[::-1]
            for line in LINES:
                for name in order:
                    samples[line][name].append(stage.take(line, name)["rate"])
    finally:
        stage.stop()
    figures = [{"name": line, "unit": "records/s", "none": rounds.spread(values["none"]),
                "many": rounds.spread(values["many"]),
                "ratio": rounds.spread([many / none for many, none in zip(values["many"], values["none"])])}
               for line, values in samples.items()]
    return {"date": datetime.date.today().isoformat(), "commit": rounds.commit(), "grants": options.grants,
            "offers": options.offers, "records": options.records, "granting": stage.granted,
            "machine": rounds.machine(), "figures": figures, "samples": samples}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/release/bin", help="folder of the programs")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--records", type=int, default=20_000, help="records of each owner before the rounds")
    parser.add_argument("--grants", type=int, default=10_000)
    parser.add_argument("--offers", type=int, default=1_000)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--out", help="file to write; default: bench/results/<date>-grants.json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-", dir=pathlib.Path(options.bin).parent.resolve()) as folder:
        report = run(options, folder)
    report["load_average_after"] = os.getloadavg()[0]
    for figure in report["figures"]:
        none, many, ratio = figure["none"], figure["many"], figure["ratio"]
        print(f"{figure['name']:16} none {rounds.number(none['median']):>8}  many {rounds.number(many['median']):>8} "
              f"records/s  ratio {ratio['median']:.2f} ({ratio['lo']:.2f} – {ratio['hi']:.2f})")
    out = pathlib.Path(options.out or rounds.ROOT / "bench/results" / f"{report['date']}-grants.json")
    out.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"written: {out}")


if __name__ == "__main__":
    try:
        main()
    except federation.Failure as failure:
        sys.exit(f"bench: {failure}")
