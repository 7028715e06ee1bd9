#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real nodes that hand the feed of an offer on as far as the offer lets them, and say so."""
import json
import time

from set_up import DATA, FederationTest, run
from federation import items_of, wait_for

MAKER = "0188:7123456789012"
READER = "0188:4000012090001"
CITY = "9999:city"
DEALER = "9999:dealer"
CUT_SECONDS = 1.0  # within which a revocation that the node has got ends what is open
NETWORK_SECONDS = 60.0  # within which it ends what a holder hands on, since the owner's node has stored it


class OnwardTest(FederationTest):
    def setUp(self):
        super().setUp()
        self.maker = self.federation.add_member("maker", MAKER, "メーカー", "Maker", "--role", "manufacturer",
                                                "--gs1-prefix", "4912345")
        self.reader = self.federation.add_member("reader", READER, "成形", "Converter", "--role", "converter")
        self.city = self.federation.add_member("city", CITY, "市", "City")
        self.dealer = self.federation.add_member("dealer", DEALER, "販売", "Dealer")
        for member in (self.reader, self.city, self.dealer):
            member.follow(self.maker, "public", "members")
        self.record = self.publish()

    def publish(self):
        return items_of(self.maker.json("record", "publish", str(DATA / "ev-battery.json")))[0]["record_id"]

    def share(self, *onward):
        """An offer, and the reader's copy of its feed; its name, and the ID of the grant."""
        offer = items_of(self.maker.json("offer", "publish", "--title", "電池の組成", "--group", "battery", "--purpose",
                                         "recycling", *onward))[0]["record_id"]
        for member in (self.reader, self.city, self.dealer):
            wait_for("the offer", lambda: member.json("offer", "list").get("offers"))
        grant = items_of(self.maker.json("access", "approve", "--offer", offer, "--to", READER))[0]["record_id"]
        wait_for("the grant", lambda: self.reader.json("access", "grants").get("grants"))
        self.reader.cli("access", "agree", grant, "--yes")
        feed = f"offer/{offer}"
        wait_for("the feed of the offer", lambda: self.size_at(self.reader, feed) == 1)
        return feed, grant

    def follow_of(self, member, feed):
        return next((f for f in member.follows() if f["publisher"] == MAKER and f["feed"] == feed), {})

    def size_at(self, member, feed):
        return int(self.follow_of(member, feed).get("size", 0))

    def composition_at(self, member):
        return "composition" in member.json("record", "get", self.record)["envelope"]["sections"]

    def test_who_is_listed_gets_it_and_it_is_written_down_and_taken_back(self):
        feed, grant = self.share("--onward", "listed-members", "--onward-member", CITY)
        refused = self.dealer.cli("feed", "follow", MAKER, feed, "--via", READER, check=False)
        self.assertIn("ONWARD_REFUSED", refused.error)
        # Who asks all the same finds nothing, and no other word than of a feed that is not there.
        asked = self.dealer.cli("feed", "follow", MAKER, feed)
        self.assertEqual(asked.code, 0)
        self.assertFalse(self.composition_at(self.city))

        self.city.cli("feed", "follow", MAKER, feed, "--via", READER)
        wait_for("the feed by way of the reader", lambda: self.size_at(self.city, feed) == 1)
        self.assertTrue(self.composition_at(self.city))
        self.assertEqual(self.follow_of(self.city, feed)["relay"], READER)
        wait_for("the owner's refusal", lambda: self.follow_of(self.dealer, feed).get("last_error_reason")
                 == "FEED_NOT_READABLE")
        given = ("--decision", "delivered", "--reader", CITY)
        row = next(r for r in items_of(self.reader.json("audit", "list", *given)) if r["feed"]["name"] == feed)
        self.assertEqual((row["publisher"], row["rule"], row["grant_id"]), (MAKER, "allow-onward-listed", grant))
        seen = items_of(self.maker.json("audit", "list", "--peer", READER, *given))
        self.assertIn(feed, [r["feed"]["name"] for r in seen])
        report = items_of(self.reader.json("audit", "onward", "--own"))[0]
        self.assertEqual((report["report"]["owner"], report["report"]["rows"][0]["reader"]), (MAKER, CITY))
        self.assertNotIn("signed_report", report)
        self.assertEqual(items_of(self.maker.json("audit", "onward")), [])

        # After a restart of both it goes on.
        for member in (self.reader, self.city):
            member.stop()
            member.start()
        self.publish()
        wait_for("what came later", lambda: self.size_at(self.city, feed) == 2, timeout_s=60)

        # Revoked while the stream is open: nothing more comes.
        self.maker.cli("access", "revoke", grant)
        revoked = time.monotonic()
        wait_for("the reader to know", lambda: not self.follow_of(self.reader, feed))
        began = time.monotonic()
        wait_for("the cut", lambda: not self.follow_of(self.city, feed).get("relay"))
        self.assertLess(time.monotonic() - began, CUT_SECONDS + 1)  # and a call of the program
        self.assertLess(time.monotonic() - revoked, NETWORK_SECONDS)
        self.publish()
        wait_for("the record itself", lambda: self.city.has_size(self.maker, "public", 3))
        self.assertEqual(self.size_at(self.city, feed), 2)
        for member in (self.reader, self.city):
            member.stop()
            self.assertIn(" 0 problems", member.run_node_command("fsck"))

    def test_who_states_the_purpose_gets_it_while_the_owner_is_away(self):
        feed, _ = self.share("--onward", "same-purpose")
        self.maker.stop()
        refused = self.city.cli("feed", "follow", MAKER, feed, "--via", READER, check=False)
        self.assertIn("ONWARD_REFUSED", refused.error)
        self.city.cli("feed", "follow", MAKER, feed, "--via", READER, "--purpose", "recycling")
        wait_for("the feed by way of the reader", lambda: self.size_at(self.city, feed) == 1)
        self.assertTrue(self.composition_at(self.city))
        self.city.stop()
        self.city.start()
        wait_for("the stream to be open again", lambda: self.follow_of(self.city, feed).get("relay") == READER,
                 timeout_s=60)
        self.operator.cli("member", "suspend", MAKER)
        wait_for("the end, as the owner is suspended", lambda: not self.follow_of(self.city, feed).get("relay"))

    def test_what_is_erased_is_erased_by_whom_it_was_handed_on_to(self):
        feed, _ = self.share("--onward", "listed-members", "--onward-member", CITY)
        self.city.cli("feed", "follow", MAKER, feed, "--via", READER)
        wait_for("the feed by way of the reader", lambda: self.size_at(self.city, feed) == 1)
        self.city.cli("feed", "unfollow", MAKER)
        self.maker.cli("record", "withdraw", self.record, "--erase", "--yes")

        def holder_of(participant):
            holders = self.maker.json("erasure", "show", self.record)["holders"]
            return next((h for h in holders if h["participant_id"] == participant), {})
        wait_for("the reader's word", lambda: holder_of(READER).get("state") == "HOLDER_STATE_DONE")
        wait_for("the city's word", lambda: holder_of(CITY).get("state") == "HOLDER_STATE_DONE")
        self.assertEqual(holder_of(CITY)["via"], READER)
        self.assertEqual(int(holder_of(CITY)["versions"]), 1)
        self.assertIn(f"handed on by {READER}", self.maker.cli("erasure", "show", self.record).text)
        self.assertNotIn("composition", json.dumps(self.city.json("record", "get", self.record)))


if __name__ == "__main__":
    run()
