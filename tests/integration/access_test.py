#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Offers, grants and agreements as an owner and a reader live them: real nodes over mutual TLS, and the real program."""
import json
import time

from set_up import DATA, FederationTest, run
from federation import items_of, wait_for

MAKER = "0188:7123456789012"
READER = "0188:4000012090001"
CUT_SECONDS = 1.0  # within which a revocation ends what is open


class AccessTest(FederationTest):
    def setUp(self):
        super().setUp()
        self.maker = self.federation.add_member("maker", MAKER, "メーカー", "Maker", "--role", "manufacturer",
                                                "--gs1-prefix", "4912345", "--gs1-prefix", "4598765")
        # A converter reads nothing by its role.
        self.reader = self.federation.add_member("reader", READER, "成形", "Converter", "--role", "converter")
        self.reader.follow(self.maker, "public")
        self.reader.follow(self.maker, "members")

    @staticmethod
    def published(answer):
        return items_of(answer)[0]["record_id"]

    def publish(self, name):
        return self.published(self.maker.json("record", "publish", str(DATA / name)))

    def offer(self, *options):
        return self.published(self.maker.json("offer", "publish", "--title", "電池の組成", "--group", "battery",
                                              "--purpose", "recycling", *options))

    def sees(self, member, command, key, count=1):
        def look():
            found = member.json(*command).get(key, [])
            return found if len(found) >= count else None
        return wait_for(f"{member.name} to see {' '.join(command)}", look)

    def grant(self, offer):
        """From the request to the agreement; the ID of the grant."""
        self.sees(self.reader, ("offer", "list"), "offers")
        self.reader.json("access", "request", offer)
        waiting = self.sees(self.maker, ("access", "requests", "--waiting"), "requests")
        grant = self.published(self.maker.json("access", "approve", waiting[0]["record_id"]))
        self.sees(self.reader, ("access", "grants"), "grants")
        self.reader.cli("access", "agree", grant, "--yes")
        wait_for("the maker to have the agreement", lambda: self.rule(self.record) == "allow-grant")
        return grant

    def decision(self, record):
        explained = self.maker.json("access", "explain", record, "--reader", READER)
        return next(section for section in explained["sections"] if section["section_type"] == "composition")

    def rule(self, record):
        return self.decision(record)["rule"]

    def size_of(self, offer):
        return next((int(feed.get("size", 0)) for feed in self.reader.follows()
                     if feed.get("feed") == f"offer/{offer}"), None)

    def test_a_request_leads_to_what_is_followed_and_a_revocation_cuts_the_open_stream(self):
        self.record = self.publish("ev-battery.json")
        offer = self.offer()
        grant = self.grant(offer)
        self.assertEqual(self.decision(self.record)["grant"], grant)
        # What was published before the offer came, by a follow that nobody asked for.
        wait_for("the feed of the offer", lambda: self.size_of(offer) == 1)
        got = self.reader.json("record", "get", self.record)
        self.assertIn("composition", json.dumps(got))

        # The stream is open and live. Revoked, it brings nothing more.
        self.maker.cli("access", "revoke", grant)
        revoked = time.monotonic()
        self.assertEqual(self.rule(self.record), "deny-grant-revoked")
        wait_for("the reader to stop following", lambda: self.size_of(offer) is None)
        self.assertLess(time.monotonic() - revoked, 10)
        self.publish("ev-battery.json")
        self.assertIsNone(self.size_of(offer))
        # What was delivered stays readable to whom it was delivered.
        self.assertIn("composition", json.dumps(self.reader.json("record", "get", self.record)))

    def test_a_suspended_grant_denies_its_open_stream_within_a_second_and_goes_on_when_resumed(self):
        self.record = self.publish("ev-battery.json")
        offer = self.offer()
        grant = self.grant(offer)
        wait_for("the feed of the offer", lambda: self.size_of(offer) == 1)
        self.maker.cli("access", "suspend", grant)
        began = time.monotonic()
        wait_for("the refusal on the open stream", lambda: any(
            feed.get("feed") == f"offer/{offer}" and feed.get("last_error_reason") == "FEED_NOT_READABLE"
            for feed in self.reader.follows()))
        self.assertLess(time.monotonic() - began, CUT_SECONDS + 1)  # and a call of the program
        self.publish("ev-battery.json")
        self.assertEqual(self.size_of(offer), 1)
        self.maker.cli("access", "resume", grant)
        wait_for("what was published meanwhile", lambda: self.size_of(offer) == 2)

    def test_a_grant_delivers_as_often_as_it_says_and_no_more(self):
        self.record = self.publish("ev-battery.json")
        self.publish("ev-battery.json")
        offer = self.offer("--deliveries-max", "4")
        beyond = self.maker.cli("access", "approve", "--offer", offer, "--to", READER, "--deliveries-max", "5",
                                check=False)
        self.assertEqual((beyond.code, "ACCESS_BEYOND_OFFER" in beyond.error), (65, True), beyond.error)
        self.assertIn("4", self.maker.cli("offer", "show", offer).text)
        self.grant(offer)  # allows what the offer does
        wait_for("the feed of the offer", lambda: self.size_of(offer) == 2)
        decision = self.decision(self.record)
        self.assertEqual((decision["deliveries"], decision["deliveries_max"]), (2, 4))
        # After a restart the count goes on, and of a batch of three the two go out that are left.
        self.reader.stop()
        self.maker.stop()
        self.maker.start()
        for _ in range(3):
            self.publish("ev-battery.json")
        self.reader.start()
        wait_for("what was left", lambda: self.size_of(offer) == 4)
        wait_for("the grant to be spent", lambda: self.rule(self.record) == "deny-grant-spent")
        wait_for("the refusal on the open stream", lambda: any(
            feed.get("feed") == f"offer/{offer}" and feed.get("last_error_reason") == "FEED_NOT_READABLE"
            for feed in self.reader.follows()))
        self.assertEqual(self.decision(self.record)["deliveries"], 4)
        self.assertEqual(self.size_of(offer), 4)

    def test_a_stated_purpose_takes_grants_for_another_one_out_of_play(self):
        self.record = self.publish("ev-battery.json")
        self.grant(self.offer())
        explained = self.maker.json("access", "explain", self.record, "--reader", READER, "--purpose", "audit")
        rules = {section["section_type"]: section["rule"] for section in explained["sections"]}
        self.assertEqual(rules["composition"], "deny-grant-purpose")
        self.assertEqual(rules["identity"], "allow-public")
        explained = self.maker.json("access", "explain", self.record, "--reader", READER, "--purpose", "recycling")
        rules = {section["section_type"]: section["rule"] for section in explained["sections"]}
        self.assertEqual(rules["composition"], "allow-grant")

    def test_automatic_approval_answers_what_the_offer_says_and_nobody_twice(self):
        self.record = self.publish("ev-battery.json")
        offer = self.offer("--auto", "roles", "--auto-role", "converter")
        closed = self.offer()
        self.sees(self.reader, ("offer", "list"), "offers", 2)
        self.reader.json("access", "request", offer)
        self.reader.json("access", "request", closed)
        self.sees(self.maker, ("access", "requests", "--waiting"), "requests", 2)
        grant = self.published(self.maker.json("access", "approve", "--auto"))
        waiting = self.sees(self.maker, ("access", "requests", "--waiting"), "requests")
        self.assertEqual(len(waiting), 1)
        self.maker.cli("access", "revoke", grant)
        self.reader.json("access", "request", offer)
        self.sees(self.maker, ("access", "requests"), "requests", 3)
        self.assertIn("nothing found", self.maker.cli("access", "approve", "--auto").error)

    def test_what_is_wrong_is_refused_with_the_cure(self):
        self.record = self.publish("ev-battery.json")
        offer = self.offer()
        missing = self.maker.cli("offer", "publish", "--title", "x", "--purpose", "audit", check=False)
        self.assertEqual((missing.code, "ACCESS_SELECTOR" in missing.error), (65, True), missing.error)
        beyond = self.maker.cli("access", "approve", "--offer", offer, "--to", READER, "--expires", "400d", check=False)
        self.assertEqual((beyond.code, "ACCESS_BEYOND_OFFER" in beyond.error), (65, True), beyond.error)
        unknown = self.reader.cli("access", "request", self.record, check=False)
        self.assertNotEqual(unknown.code, 0)
        self.sees(self.reader, ("offer", "list"), "offers")
        foreign = self.reader.cli("access", "approve", "--offer", offer, "--to", MAKER, check=False)
        self.assertEqual(foreign.code, 66, foreign.error)


if __name__ == "__main__":
    run()
