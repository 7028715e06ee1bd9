#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A federation without witnesses: what members say that they saw keeps a record valid when its key has ended."""
import datetime
import subprocess
import sys
import time

from set_up import DATA, ROOT, FederationTest, run
import trust_format
from record_format import Refused
from federation import items_of, wait_for

VERIFIER = ROOT / "tests" / "vectors" / "verify.py"
MAKER = "0188:7123456789012"
RECYCLER = "9999:recycler"
CITY = "0188:4000012090001"
FAST = ("--exchange-seconds", "1")
KEY_LASTS_S = 6
FLIPS = 300


class ReceiptsTest(FederationTest):
    def setUp(self):
        super().setUp()
        self.maker = self.federation.add_member("maker", MAKER, "メーカー", "Maker", "--gs1-prefix", "4912345")
        self.recycler = self.federation.add_member("recycler", RECYCLER, "再生", "Recycler")
        self.city = self.federation.add_member("city", CITY, "市", "City")
        for member in (self.maker, self.recycler, self.city):
            member.stop()
            member.start(*FAST)

    def export(self, member, record, name, *flags):
        path = self.folder / f"{name}.meguri"
        member.cli("record", "export", record, "--bundle", "--out", str(path), *flags)
        return path

    def givers(self, path):
        """Whose receipts are in a file, as `meguri verify` says it."""
        feeds = self.city.json("verify", str(path))["feeds"]
        return [receipt["member"] for feed in feeds for receipt in feed.get("receipts", [])]

    def check_with_other_verifier(self, path):
        bundle_path = self.city.folder / "trust-bundle"
        other = subprocess.run([sys.executable, str(VERIFIER), "record", str(path), "--trust-bundle", str(bundle_path)],
                               capture_output=True, text=True)
        self.assertEqual(other.returncode, 0, other.stderr)
        self.assertIn(f"by {RECYCLER} at 20", other.stdout)
        now_ms = time.time_ns() // 1_000_000
        bundle, _ = trust_format.open_bundle(bundle_path.read_bytes(), now_ms)
        data = path.read_bytes()
        for n in range(FLIPS):
            changed = bytearray(data)
            changed[n * len(data) // FLIPS] ^= 1 << n % 8
            with self.assertRaises(Refused):
                trust_format.verify_record_file(bytes(changed), bundle, now_ms)
        _, envelope, *_ = trust_format.verify_record_file(data, bundle, now_ms)
        overhead = len(data) - sum(len(section["payload"]) for section in envelope["sections"])
        print(f"a file with a receipt: {len(data)} bytes, {overhead} of them beside the sections", file=sys.stderr)

    def end_key(self):
        entry = self.maker.folder / "registry-entry"
        wait_for("the maker's folder to hold its entry", entry.exists)
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=KEY_LASTS_S)
        rotated = self.maker.run_node_command("rotate-key", "record", "--old-ends", end.strftime("%Y-%m-%dT%H:%M:%SZ"))
        self.operator.cli("member", "update", rotated.split("\n")[1], "--yes")
        return end

    def test_a_record_stays_valid_by_what_an_independent_member_saw(self):
        self.recycler.follow(self.maker, "public")
        # All of it is public, so that its publisher, too, proves it by the feed of which there are receipts.
        record = items_of(self.maker.json("record", "publish", str(DATA / "detergent-bottle.json")))[0]["record_id"]
        wait_for("the recycler to have it", lambda: self.recycler.has_size(self.maker, "public", 1))
        # The publisher hears of it, and puts it into files, whatever its key is worth.
        wait_for("the maker to hear of it",
                 lambda: self.givers(self.export(self.maker, record, f"own-{time.time_ns()}")) == [RECYCLER])
        early = self.export(self.maker, record, "early")
        self.assertEqual(self.city.json("verify", str(early))["verdict"], "VALID")
        self.check_with_other_verifier(early)
        end = self.end_key()
        wait_for("the recycler to know of the end",
                 lambda: self.recycler.json("record", "get", record).get("doubt") == "KEY_EXPIRED")
        self.assertEqual(self.recycler.json("record", "get", record)["valid_source"], "own")
        wait_for("the maker to know of the end",
                 lambda: self.maker.json("record", "get", record).get("valid_by") == [RECYCLER])
        # The city comes when the key has ended, and then the publisher is gone.
        self.city.follow(self.maker, "public")
        wait_for("the city to have it", lambda: self.city.has_size(self.maker, "public", 1))
        self.maker.stop()
        wait_for("the city to hear of it", lambda: self.city.json("record", "get", record).get("valid_by") == [RECYCLER])
        view = self.city.json("record", "get", record)
        self.assertEqual((view["verdict"], view["valid_source"], view["doubt"]), ("VALID_AT", "receipts", "KEY_EXPIRED"))
        self.assertLess(view["valid_at"], end.strftime("%Y-%m-%dT%H:%M:%SZ"))
        for command in ("get", "history"):
            self.assertIn(f"as {RECYCLER} says", self.city.cli("record", command, record).text)
        seen = self.export(self.city, record, "seen")
        told = self.city.json("verify", str(seen))
        self.assertEqual((told["verdict"], told["valid_at"], told["valid_by"]),
                         ("VALID_AT", view["valid_at"], [RECYCLER]))
        for flags, path in ((("--receipts", "2"), seen), (("--receipts", "0"), seen),
                            ((), self.export(self.city, record, "without", "--receipts", "0"))):
            doubtful = self.city.cli("verify", str(path), *flags, check=False)
            self.assertEqual(doubtful.code, 1)
            self.assertIn("INDETERMINATE", doubtful.text)
        # Who wants two members is not content with one.
        self.city.stop()
        self.city.start(*FAST, "--receipts-needed", "2")
        self.assertEqual(self.city.json("record", "get", record)["verdict"], "INDETERMINATE")
        for member in (self.city, self.recycler, self.maker):
            member.stop()
            self.assertIn(" 0 problems", member.run_node_command("fsck"))


if __name__ == "__main__":
    run()
