#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Witnesses: real nodes whose heads are cosigned, one that comes back from an old backup, and one with two faces."""
import datetime
import shutil
import sys
import time

from set_up import DATA, FederationTest, run
import trust_format
from record_format import Refused
from federation import Failure, items_of, wait_for

MAKER = "0188:7123456789012"
CITY = "0188:4000012090001"
WITNESSES = {"w1": "9999:w1", "w2": "9999:w2", "w3": "9999:w3"}
FAST = ("--exchange-seconds", "1")
OVERHEAD_MAX = 4096  # bytes of a record file beside its sections
KEY_LASTS_S = 8
FLIPS = 300


class WitnessTest(FederationTest):
    def setUp(self):
        super().setUp()
        self.maker = self.federation.add_member("maker", MAKER, "メーカー", "Maker", "--gs1-prefix", "4912345")
        self.city = self.federation.add_member("city", CITY, "市", "City")
        self.witnesses = [self.operator] + [self.federation.add_member(name, participant, name, name)
                                            for name, participant in WITNESSES.items()]
        self.first_bundle = (self.operator.folder / "trust-bundle").read_bytes()
        keys = [witness.run_node_command("witness-key").split("\n")[0] for witness in self.witnesses]
        flags = [part for key in keys for part in ("--add-witness", key)]
        self.bundle = self.operator.run_node_command("bundle", "next", *flags).split("\n")[0]
        self.assertIn("cosigned by 3 of 4 witnesses", self.operator.run_node_command("bundle", "show", self.bundle))
        for member in self.federation.members.values():
            member.run_node_command("adopt-bundle", self.bundle)
            member.stop()
        self.operator.start("--witness", "yes", *FAST)
        for witness in self.witnesses[1:]:
            witness.start(*FAST, command="witness")
        self.city.start(*FAST)
        self.maker.start(*FAST)

    def publish(self, name="ev-battery.json"):
        return items_of(self.maker.json("record", "publish", str(DATA / name)))[0]["record_id"]

    def own_head(self, feed="public"):
        """By how many witnesses the head that the maker serves is cosigned, and its size."""
        head = self.maker.json("feed", "checkpoint", MAKER, feed)
        return head["checkpoint"].count("/witness "), int(head["size"])

    def seen_by_city(self):
        for follow in self.city.follows():
            if follow["publisher"] == MAKER and follow["feed"] == "public":
                return follow
        return {}

    def city_counts(self):
        """By how many witnesses the city knows a head to be cosigned, and of how many entries."""
        cosigned = self.seen_by_city().get("cosigned", {})
        return int(cosigned.get("cosigned", 0)), int(cosigned.get("size", 0))

    def export(self, record, name):
        path = self.folder / f"{name}.meguri"
        self.city.cli("record", "export", record, "--bundle", "--out", str(path))
        return path

    def check_cosigned_file(self, path):
        """Both verifiers take it, it says who saw it, is not much larger than its sections, and no bit can change."""
        said = self.city.json("verify", str(path))
        self.assertEqual(said["verdict"], "VALID")
        self.assertEqual(len(said["feeds"][0]["cosigned"]), 4)
        self.assertIn("seen_at", said["feeds"][0])
        self.assertIn("9999:w1", self.city.cli("verify", str(path)).text)
        now_ms = time.time_ns() // 1_000_000
        bundle, _ = trust_format.open_bundle((self.city.folder / "trust-bundle").read_bytes(), now_ms)
        data = path.read_bytes()
        _, envelope, *_ = trust_format.verify_record_file(data, bundle, now_ms)
        overhead = len(data) - sum(len(section["payload"]) for section in envelope["sections"])
        print(f"a cosigned file: {len(data)} bytes, {overhead} of them beside the sections", file=sys.stderr)
        self.assertLessEqual(overhead, OVERHEAD_MAX)
        for n in range(FLIPS):
            changed = bytearray(data)
            changed[n * len(data) // FLIPS] ^= 1 << n % 8
            with self.assertRaises(Refused):
                trust_format.verify_record_file(bytes(changed), bundle, now_ms)

    def view(self, record):
        return self.city.json("record", "get", record)

    def save_maker(self):
        self.maker.stop()
        shutil.copytree(self.maker.folder, self.folder / "backup")
        self.maker.start(*FAST)

    def bring_back_maker(self):
        """A backup of the whole folder, of one moment: nothing in it shows that it is an old one."""
        self.maker.stop()
        shutil.rmtree(self.maker.folder)
        shutil.copytree(self.folder / "backup", self.maker.folder)

    def test_heads_are_cosigned_and_one_witness_may_be_away(self):
        self.city.follow(self.maker, "public")
        self.publish()
        wait_for("all four to cosign", lambda: self.own_head() == (4, 1))
        wait_for("the city to know", lambda: self.city_counts() == (4, 1))
        self.assertIn("1 by 4 of 4 at 2", self.city.cli("feed", "list").text)
        own = {feed["feed"]: feed for feed in self.maker.json("node", "status")["own_feeds"]}
        self.assertEqual(int(own["public"]["cosigned"]["cosigned"]), 4)
        record = items_of(self.city.json("record", "list", "--all"))[0]["envelope"]["record_id"]
        self.check_cosigned_file(self.export(record, "cosigned"))
        self.witnesses[2].stop()
        self.publish("washing-machine.json")
        wait_for("the other three to cosign", lambda: self.own_head() == (3, 2))
        wait_for("the city to know", lambda: self.city_counts() == (3, 2))
        # A second one away: no quorum, which is said, and the feed is read all the same.
        self.witnesses[3].stop()
        self.publish()
        wait_for("the city to have the third record", lambda: self.city.has_size(self.maker, "public", 3))
        # The newest head that had a quorum.
        self.assertIn("2 by 3 of 4 at 2", self.city.cli("feed", "list").text)
        for member in (self.maker, self.city):
            member.stop()
            self.assertIn(" 0 problems", member.run_node_command("fsck"))

    def test_what_witnesses_saw_stays_valid_when_its_key_has_ended(self):
        self.city.follow(self.maker, "public")
        seen = self.publish()
        wait_for("the city to know who has cosigned", lambda: self.city_counts() == (4, 1))
        for witness in self.witnesses[2:]:
            witness.stop()
        # At once: what the city saw cosigned is kept when the next head comes.
        unseen = self.publish("washing-machine.json")
        wait_for("the city to have both", lambda: self.city.has_size(self.maker, "public", 2))
        self.assertNotIn("verdict", self.view(seen))
        entry = self.maker.folder / "registry-entry"
        wait_for("the maker's folder to hold its entry", entry.exists)
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=KEY_LASTS_S)
        rotated = self.maker.run_node_command("rotate-key", "record", "--old-ends", end.strftime("%Y-%m-%dT%H:%M:%SZ"))
        self.operator.cli("member", "update", rotated.split("\n")[1], "--yes")
        wait_for("the city to know of the end", lambda: self.view(seen).get("doubt") == "KEY_EXPIRED")
        self.maker.stop()
        # Read, or as a file: the same word, from what the city holds.
        view = self.view(seen)
        self.assertEqual((view["verdict"], view["valid_source"]), ("VALID_AT", "witnesses"))
        self.assertLess(view["valid_at"], end.strftime("%Y-%m-%dT%H:%M:%SZ"))
        # What no quorum saw, the city had itself in time; a file cannot show that.
        self.assertEqual((self.view(unseen)["verdict"], self.view(unseen)["valid_source"]), ("VALID_AT", "own"))
        history = self.city.json("record", "history", seen)
        self.assertEqual([version["verdict"] for version in history["versions"]], ["VALID_AT"])
        for record, word in ((seen, "witnesses had seen it"), (unseen, "this node itself had it")):
            for command in ("get", "history", "resolve"):
                self.assertIn(word, self.city.cli("record", command, record).text)
        told = self.city.json("verify", str(self.export(seen, "seen")))
        self.assertEqual((told["verdict"], told["valid_at"]), ("VALID_AT", view["valid_at"]))
        exported = self.city.cli("record", "export", unseen, "--bundle", "--out", str(self.folder / "note.meguri"))
        self.assertIn("which no file can show", exported.error)
        doubtful = self.city.cli("verify", str(self.export(unseen, "unseen")), check=False)
        self.assertEqual(doubtful.code, 1)
        self.assertIn("INDETERMINATE", doubtful.text)
        self.city.stop()
        self.assertIn(" 0 problems", self.city.run_node_command("fsck"))

    def test_a_node_that_comes_back_from_an_old_backup_signs_nothing(self):
        self.publish()
        wait_for("the witnesses to cosign", lambda: self.own_head() == (4, 1))
        self.save_maker()
        self.publish("washing-machine.json")
        wait_for("the witnesses to cosign", lambda: self.own_head() == (4, 2))
        self.bring_back_maker()
        with self.assertRaisesRegex(Failure, "OWN_FEED_ROLLED_BACK"):
            self.maker.start(*FAST)

    def test_two_faces_are_found_out_though_their_readers_never_talk(self):
        self.save_maker()
        self.publish()
        wait_for("the witnesses to cosign the first face", lambda: self.own_head() == (4, 1))
        self.bring_back_maker()
        # From now on the maker knows of no witnesses, and shows the city another feed of the same size.
        (self.maker.folder / "trust-bundle").write_bytes(self.first_bundle)
        self.maker.start(*FAST)
        self.publish("washing-machine.json")
        self.city.follow(self.maker, "public")
        wait_for("the city to find out", lambda: self.seen_by_city().get("state") == "FOLLOW_STATE_QUARANTINED")
        evidence = self.city.json("feed", "evidence", MAKER, "public")
        self.assertEqual(evidence["reason"], "FORK")
        self.assertEqual(sum("/witness " in note for note in evidence["checkpoints"]), 1)
        # It convinces somebody who saw neither feed.
        path = str(self.folder / "fork.evidence")
        self.city.cli("feed", "evidence", MAKER, "public", "--out", path)
        self.operator.cli("evidence", "verify", path)

    def test_what_a_witness_refused_is_evidence_that_anybody_checks(self):
        self.save_maker()
        self.publish()
        wait_for("the witnesses to cosign", lambda: self.own_head() == (4, 1))
        witness = self.witnesses[1]
        self.assertEqual(witness.json("evidence", "list")["contradictions"], [])
        # No witness is there to tell the maker that its store is an old one, so it signs another head of that size.
        for one in self.witnesses:
            one.stop()
        self.bring_back_maker()
        self.maker.start(*FAST)
        self.publish("washing-machine.json")
        self.operator.start("--witness", "yes", *FAST)
        for one in self.witnesses[1:]:
            one.start(*FAST, command="witness")
        wait_for("the maker to bring its other head", lambda: witness.json("evidence", "list")["contradictions"], 60)
        row = witness.json("evidence", "list", "--publisher", MAKER)["contradictions"][0]
        self.assertEqual((row["publisher"], row["feed"], row["number"], row["reason"]), (MAKER, "public", 1, "FORK"))
        self.assertEqual((row["cosigned"]["size"], row["refused"]["size"]), (1, 1))
        self.assertNotEqual(row["cosigned"]["root"], row["refused"]["root"])
        self.assertRegex(row["time"], "^20")
        path = str(self.folder / "fork.evidence")
        witness.cli("evidence", "export", MAKER, "public", path)
        self.city.cli("evidence", "verify", path)
        self.assertIn("FORK", witness.cli("evidence", "list").text)
        nothing = witness.cli("evidence", "export", MAKER, "members", str(self.folder / "none"), check=False)
        self.assertIn("NO_EVIDENCE", nothing.error)
        self.assertIn("NOT_A_WITNESS", self.city.cli("evidence", "list", check=False).error)
        witness.stop()
        self.assertIn(" 0 problems", witness.run_node_command("fsck"))

    def test_a_witness_forgets_nothing_and_is_not_begun_anew(self):
        self.publish()
        wait_for("the witnesses to cosign", lambda: self.own_head() == (4, 1))
        witness = self.witnesses[1]
        witness.stop()
        self.assertEqual((witness.folder / "keys" / "witness.key").stat().st_mode & 0o777, 0o600)
        shutil.rmtree(witness.folder / "witness" / "store")
        with self.assertRaisesRegex(Failure, "STORE_LOST"):
            witness.start(command="witness")
        witness.start()  # a node that is no witness needs no memory of one

    def test_a_witness_needs_its_key(self):
        self.city.stop()
        with self.assertRaisesRegex(Failure, "WITNESS_KEY"):
            self.city.start(command="witness")


if __name__ == "__main__":
    run()
