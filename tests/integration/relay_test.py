#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real nodes that have a publisher's feeds from each other while the publisher's own node is off."""
import signal

from set_up import DATA, FederationTest, run
from federation import items_of, wait_for

MAKER = "0188:7123456789012"
RECYCLER = "0188:4000012090001"
CITY = "0188:4011001098993"
GROUP = "recyclers/battery"
GIVEN = ("--decision", "delivered", "--reader", CITY)
LINK = "https://id.example.jp/01/04912345100108/21/MC72-26A-000317"


class RelayTest(FederationTest):
    def setUp(self):
        super().setUp()
        self.maker = self.federation.add_member("maker", MAKER, "メーカー", "Maker", "--role", "manufacturer",
                                                "--gs1-prefix", "4912345")
        self.recycler = self.federation.add_member("recycler", RECYCLER, "リサイクル", "Recycler", "--role",
                                                   "recycler:battery", "--permit", "産廃処分|01320000001|13")
        self.city = self.federation.add_member("city", CITY, "市", "City")

    def publish(self, *names):
        return [items_of(self.maker.json("record", "publish", str(DATA / name)))[0]["record_id"] for name in names]

    def offer(self):
        """Something for members alone."""
        self.maker.json("offer", "publish", "--title", "電池の組成", "--group", "battery", "--purpose",
                        "recycling")

    def let_the_recycler_follow(self, size):
        self.recycler.follow(self.maker, "public", "members", GROUP)
        self.recycler.wait_until_live(self.maker, "public", "members", GROUP)
        wait_for("the maker's records", lambda: self.recycler.has_size(self.maker, "public", size))

    def follow_via(self, *feeds):
        self.city.cli("feed", "follow", MAKER, *feeds, "--via", RECYCLER)

    def follow_of(self, feed):
        return next(f for f in self.city.follows() if f["publisher"] == MAKER and f["feed"] == feed)

    def test_a_feed_comes_from_another_member_until_its_publisher_is_back(self):
        records = self.publish("ev-battery.json", "washing-machine.json")
        self.offer()
        self.let_the_recycler_follow(2)
        wait_for("the maker's word", lambda: all(int(f.get("heard_ms", 0)) > 0 for f in self.recycler.follows()
                                                 if f["publisher"] == MAKER))
        head = self.maker.json("feed", "checkpoint", MAKER, "public")
        self.maker.stop()
        self.follow_via("public", "members", GROUP)
        wait_for("both records", lambda: self.city.has_size(self.maker, "public", 2))
        follow = wait_for("the maker's word, handed on",
                          lambda: next((f for f in [self.follow_of("public")] if int(f.get("heard_ms", 0))), None))
        self.assertEqual((follow["relay"], follow["state"]), (RECYCLER, "FOLLOW_STATE_LIVE"))
        self.assertIn(f"live, via {RECYCLER}", self.city.cli("feed", "list").text)
        # What the narrow feed holds stays where it is.
        self.assertEqual(self.follow_of(GROUP).get("last_error_reason"), "NOT_HOSTED")
        battery = self.city.json("record", "get", records[0])
        self.assertNotIn("dismantling", battery["envelope"]["sections"])
        # A copy is proven by its publisher's own head, whoever is asked for it.
        self.assertEqual(self.recycler.json("feed", "checkpoint", MAKER, "public"), head)
        file = str(self.city.folder / "battery.meguri")
        self.city.cli("record", "get", records[0], "--save", file)
        self.assertEqual(self.city.json("verify", file)["verdict"], "VALID")
        # What is public leaves no row; what is for members leaves one, which the maker may see as well.
        wait_for("the offer", lambda: self.city.has_size(self.maker, "members", 1))
        rows = items_of(self.recycler.json("audit", "list", *GIVEN))
        self.assertEqual([(r["publisher"], r["feed"]["name"], r["rule"]) for r in rows],
                         [(MAKER, "members", "allow-member")])
        self.maker.start()
        seen = items_of(self.maker.json("audit", "list", "--peer", RECYCLER, *GIVEN))
        self.assertEqual([(r["reader"], r["publisher"]) for r in seen], [(CITY, MAKER)])
        self.publish("ev-battery.json")
        wait_for("the recycler to have it", lambda: self.recycler.has_size(self.maker, "public", 3))
        wait_for("the record, handed on", lambda: self.city.has_size(self.maker, "public", 3))
        # Once the publisher is named, nobody else is asked.
        self.city.cli("feed", "follow", MAKER, "public", "--via", MAKER)
        wait_for("the publisher to be asked", lambda: self.follow_of("public").get("relay", "") == "")
        self.city.wait_until_live(self.maker, "public")
        for member in (self.recycler, self.city):
            member.stop()
            self.assertIn(" 0 problems", member.run_node_command("fsck"))

    def test_who_hands_nothing_on_and_who_is_suspended(self):
        self.publish("ev-battery.json")
        self.let_the_recycler_follow(1)
        self.maker.stop()
        self.follow_via("public")
        wait_for("the record", lambda: self.city.has_size(self.maker, "public", 1))
        self.operator.cli("member", "suspend", CITY)
        wait_for("the relay to cut it off", lambda: self.follow_of("public").get("last_error_reason")
                 in ("MEMBER_SUSPENDED", "NODE_UNREACHABLE") and not self.follow_of("public").get("relay"))
        self.operator.cli("member", "activate", CITY)
        self.recycler.stop()
        self.recycler.start("--hand-on", "no")
        refused = self.recycler.cli("feed", "checkpoint", MAKER, "public", check=False)
        self.assertIn("NOT_HOSTED", refused.error)

    def test_a_record_is_found_in_copies_of_others_when_its_publisher_is_gone(self):
        for member in (self.recycler, self.city):
            member.stop()
            member.start("--exchange-seconds", "1")
        record = self.publish("ev-battery.json")[0]
        self.let_the_recycler_follow(1)
        wait_for("the maker's word", lambda: all(int(f.get("heard_ms", 0)) > 0 for f in self.recycler.follows()
                                                 if f["publisher"] == MAKER))
        self.maker.stop(signal.SIGKILL)

        def found():
            answer = self.city.cli("-o", "json", "record", "resolve", LINK, check=False)
            return answer if answer.code == 0 else None
        # The nodes tell each other that they hand on; the city has never followed the maker.
        answer = wait_for("the recycler to be known", found)
        resolved = answer.json()
        view = resolved["records"][0]
        self.assertEqual((view["envelope"]["record_id"], view["source"]), (record, "copy"))
        self.assertNotIn("dismantling", view["envelope"]["sections"])
        self.assertEqual(resolved["copy_answer"]["relay"], RECYCLER)
        self.assertEqual(resolved["publisher_answer"]["reason"], "NODE_UNREACHABLE")
        heard = next(int(f["heard_ms"]) for f in self.recycler.follows() if f["feed"] == "public")
        self.assertEqual(int(resolved["copy_answer"]["as_of_ms"]), heard)
        self.assertIn(f"from the copy at {RECYCLER}, as of 20", answer.error)
        self.assertIn("the publisher's node was not reached: ", answer.error)
        # By its ID, without knowing whose it is.
        got = self.city.cli("-o", "json", "record", "get", record)
        self.assertEqual(got.json()["source"], "copy")
        self.assertIn(RECYCLER, got.error)
        self.assertEqual(self.city.cli("record", "get", record, "--local", check=False).code, 66)
        self.assertEqual(self.city.cli("record", "resolve", LINK, "--local", check=False).code, 66)
        # It was not kept, and what is public leaves no row.
        self.assertEqual(items_of(self.city.json("record", "list")), [])
        self.assertEqual(items_of(self.recycler.json("audit", "list", *GIVEN)), [])
        absent = self.city.cli("record", "get", "00112233445566778899aabbccddeeff", check=False)
        self.assertIn("RECORD_NOT_FOUND", absent.error)
        # Who hands nothing on is asked no more.
        self.recycler.stop()
        self.recycler.start("--exchange-seconds", "1", "--hand-on", "no")
        wait_for("nobody to hand it on", lambda: found() is None)


if __name__ == "__main__":
    run()
