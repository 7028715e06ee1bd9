#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The feed `heads`: real nodes and witnesses, and a record of a narrow feed that stays valid without its publisher."""
import datetime
import shutil
import sys
import time

from set_up import DATA, FederationTest, run
import trust_format
from record_format import Refused
from federation import items_of, wait_for

MAKER = "0188:7123456789012"
RECYCLER = "0188:4000012090001"
WITNESSES = {"w1": "9999:w1", "w2": "9999:w2", "w3": "9999:w3"}
GROUP = "recyclers/battery"
FAST = ("--exchange-seconds", "1", "--heads-seconds", "12")
OVERHEAD_MAX = 6144  # bytes of a record file with an opening beside its sections
KEY_LASTS_S = 8
FLIPS = 300


class HeadsTest(FederationTest):
    def setUp(self):
        super().setUp()
        self.maker = self.federation.add_member("maker", MAKER, "メーカー", "Maker", "--role", "manufacturer",
                                                "--gs1-prefix", "4912345")
        self.recycler = self.federation.add_member("recycler", RECYCLER, "リサイクル", "Recycler", "--role",
                                                   "recycler:battery", "--permit", "産廃処分|01320000001|13")
        self.witnesses = [self.operator] + [self.federation.add_member(name, participant, name, name)
                                            for name, participant in WITNESSES.items()]
        keys = [witness.run_node_command("witness-key").split("\n")[0] for witness in self.witnesses]
        flags = [part for key in keys for part in ("--add-witness", key)]
        bundle = self.operator.run_node_command("bundle", "next", *flags).split("\n")[0]
        for member in self.federation.members.values():
            member.run_node_command("adopt-bundle", bundle)
            member.stop()
        self.operator.start("--witness", "yes", *FAST)
        for witness in self.witnesses[1:]:
            witness.start(*FAST, command="witness")
        self.recycler.start(*FAST)
        self.maker.start(*FAST)

    def row(self, feed):
        for follow in self.recycler.follows():
            if follow["publisher"] == MAKER and follow["feed"] == feed:
                return follow
        return {}

    def cosigned_heads(self):
        return int(self.row("heads").get("cosigned", {}).get("cosigned", 0))

    def export(self, record, name):
        path = self.folder / f"{name}.meguri"
        self.recycler.cli("record", "export", record, "--bundle", "--out", str(path))
        return path

    def told_of(self, record, name):
        return self.recycler.json("verify", str(self.export(record, name)))

    def check_file(self, path):
        """Another program takes it, no bit can change, and it is not much larger than its sections."""
        now_ms = time.time_ns() // 1_000_000
        bundle, _ = trust_format.open_bundle((self.recycler.folder / "trust-bundle").read_bytes(), now_ms)
        data = path.read_bytes()
        _, envelope, *_ = trust_format.verify_record_file(data, bundle, now_ms)
        overhead = len(data) - sum(len(section["payload"]) for section in envelope["sections"])
        print(f"a file with an opening: {len(data)} bytes, {overhead} of them beside the sections", file=sys.stderr)
        self.assertLessEqual(overhead, OVERHEAD_MAX)
        for n in range(FLIPS):
            changed = bytearray(data)
            changed[n * len(data) // FLIPS] ^= 1 << n % 8
            with self.assertRaises(Refused):
                trust_format.verify_record_file(bytes(changed), bundle, now_ms)

    def test_a_record_of_a_narrow_feed_stays_valid_when_its_publisher_is_gone(self):
        self.recycler.follow(self.maker, GROUP)
        record = items_of(self.maker.json("record", "publish", str(DATA / "ev-battery.json")))[0]["record_id"]
        wait_for("the record", lambda: self.recycler.has_size(self.maker, GROUP, 1))
        wait_for("the recycler to know who has cosigned it", lambda: self.cosigned_heads() == 4)
        files = iter(range(1000))
        wait_for("a file that says when it was seen",
                 lambda: "seen_at" in self.told_of(record, f"try-{next(files)}")["feeds"][0])
        told = self.told_of(record, "valid")
        self.assertEqual((told["verdict"], told["feeds"][0]["feed"]), ("VALID", GROUP))
        self.assertEqual(len(told["feeds"][0]["cosigned"]), 4)
        self.check_file(self.folder / "valid.meguri")
        # The publisher can say the same of its own record.
        own = self.folder / "own.meguri"
        self.maker.cli("record", "export", record, "--bundle", "--out", str(own))
        self.assertEqual(self.recycler.json("verify", str(own))["verdict"], "VALID")
        entry = self.maker.folder / "registry-entry"
        wait_for("the maker's folder to hold its entry", entry.exists)
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=KEY_LASTS_S)
        rotated = self.maker.run_node_command("rotate-key", "record", "--old-ends", end.strftime("%Y-%m-%dT%H:%M:%SZ"))
        self.operator.cli("member", "update", rotated.split("\n")[1], "--yes")
        wait_for("the recycler to know of the end",
                 lambda: self.recycler.json("record", "get", record).get("doubt") == "KEY_EXPIRED")
        self.maker.stop()
        view = self.recycler.json("record", "get", record)
        self.assertEqual(view["verdict"], "VALID_AT")
        self.assertLess(view["valid_at"], end.strftime("%Y-%m-%dT%H:%M:%SZ"))
        told = self.told_of(record, "later")
        self.assertEqual((told["verdict"], told["valid_at"]), ("VALID_AT", view["valid_at"]))
        self.assertEqual(self.row(GROUP)["state"], "FOLLOW_STATE_WAITING")
        for member in (self.maker, self.recycler):
            member.stop()
            self.assertIn(" 0 problems", member.run_node_command("fsck"))

    def seen_heads(self):
        """The size of the newest cosigned head of `heads`, as the recycler knows it."""
        return int(self.row("heads").get("cosigned", {}).get("size", 0))

    def test_a_node_that_comes_back_from_an_old_backup_goes_on_without_heads(self):
        self.recycler.follow(self.maker, "public", GROUP)
        head = self.maker.json("feed", "checkpoint", MAKER, "heads")
        wait_for("entries, though nothing is published",
                 lambda: int(self.maker.json("feed", "checkpoint", MAKER, "heads")["size"]) > int(head["size"]) + 1)
        self.maker.stop()
        shutil.copytree(self.maker.folder, self.folder / "backup")
        saved = self.seen_heads()
        self.maker.start(*FAST)
        wait_for("the witnesses to see more", lambda: self.seen_heads() > saved + 1)
        self.maker.stop()
        shutil.rmtree(self.maker.folder)
        shutil.copytree(self.folder / "backup", self.maker.folder)
        self.maker.start(*FAST)
        refused = self.maker.cli("feed", "checkpoint", MAKER, "heads", check=False)
        self.assertIn("HEADS_LOST", refused.error)
        self.maker.json("record", "publish", str(DATA / "ev-battery.json"))
        wait_for("what is published now", lambda: self.recycler.has_size(self.maker, GROUP, 1)
                 and self.recycler.has_size(self.maker, "public", 1))
        wait_for("the reason to be told", lambda: self.row("heads").get("last_error_reason") == "HEADS_LOST")
        self.assertEqual(self.row("heads")["state"], "FOLLOW_STATE_WAITING")


if __name__ == "__main__":
    run()
