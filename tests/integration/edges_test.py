#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real nodes over mutual TLS on loopback: what callers are answered, refused, and what is written down of it."""
import json
import resource
import socket

from set_up import DATA, FederationTest, run
from federation import items_of, wait_for

MAKER = "0188:7123456789012"
RECYCLER = "0188:4000012090001"
BATTERY = json.loads((DATA / "ev-battery.json").read_text())
MODEL = BATTERY["sections"]["identity"]["model_number"]
SCANNED = f"{BATTERY['sections']['identity']['gtin']}/{BATTERY['sections']['identity']['serial']}"


class EdgesTest(FederationTest):
    def setUp(self):
        super().setUp()
        self.maker = self.federation.add_member("maker", MAKER, "メーカー", "Maker", "--role", "manufacturer",
                                                "--gs1-prefix", "4912345")
        self.recycler = self.federation.add_member("recycler", RECYCLER, "リサイクル", "Recycler", "--role",
                                                   "recycler:battery", "--permit", "産廃処分|01320000001|13")
        wait_for("the recycler to know the maker", lambda: self.recycler.cli(
            "member", "show", MAKER, check=False).code == 0)
        wait_for("the maker to know the recycler", lambda: self.maker.cli(
            "member", "show", RECYCLER, check=False).code == 0)

    def publish(self, name="ev-battery.json"):
        return items_of(self.maker.json("record", "publish", str(DATA / name)))[0]["record_id"]

    def log_of(self, member):
        return [json.loads(line) for line in member.log_path.read_text().splitlines()]

    def test_a_scan_is_answered_by_the_publishers_node_and_nothing_is_kept(self):
        record = self.publish()
        answer = self.recycler.json("record", "resolve", SCANNED)
        self.assertEqual([view["envelope"]["record_id"] for view in answer["records"]], [record])
        self.assertEqual(answer["records"][0]["source"], "publisher")
        self.assertEqual(answer["publisher"]["participant_id"], MAKER)
        sections = set(answer["records"][0]["envelope"]["sections"])
        self.assertIn("dismantling", sections)
        self.assertNotIn("owner_note", sections)
        self.assertEqual(items_of(self.recycler.json("record", "list")), [])
        # What is here already is not asked for.
        self.recycler.follow(self.maker, "public", "recyclers/battery")
        wait_for("the replica", lambda: self.recycler.has_size(self.maker, "public", 1))
        here = self.recycler.json("record", "resolve", SCANNED)
        self.assertEqual(here["records"][0]["source"], "replica")
        self.assertNotIn("publisher_answer", here)

    def test_a_scan_that_leads_nowhere_says_where_it_would(self):
        self.publish()
        local = self.recycler.cli("record", "resolve", "--local", SCANNED, check=False)
        self.assertEqual(local.code, 66)
        self.assertIn(self.maker.address, local.error)
        absent = self.recycler.cli("record", "resolve", "04912345100993", check=False)
        self.assertEqual(absent.code, 66, absent.error)
        self.assertIn("at its publisher's node", absent.error)
        unknown = self.recycler.cli("record", "resolve", "09506000467894", check=False)
        self.assertEqual(unknown.code, 66)
        self.assertIn("neither a record nor an issuer", unknown.error)
        self.maker.stop()
        off = self.recycler.cli("record", "resolve", SCANNED, check=False)
        self.assertEqual(off.code, 69, off.error)
        self.assertIn("NODE_UNREACHABLE", off.error)
        self.assertIn(self.maker.address, off.error)

    def test_an_answer_that_does_not_verify_is_not_shown(self):
        self.publish()
        key = self.maker.json("key", "show")["key_id"]
        self.operator.cli("member", "revoke-key", MAKER, key, "--at", "2020-01-01T00:00:00Z", "--yes")
        entry = self.operator.json("member", "show", MAKER)
        wait_for("the recycler to know of it", lambda: self.recycler.json("member", "show", MAKER) == entry)
        answer = self.recycler.cli("record", "resolve", SCANNED, check=False)
        self.assertEqual(answer.code, 69, answer.error)
        self.assertIn("KEY_REVOKED", answer.error)
        # Of what is here it is said.
        here = self.maker.json("record", "resolve", "--local", SCANNED)
        self.assertEqual([view["doubt"] for view in here["records"]], ["KEY_REVOKED"])

    def test_a_long_worklist_is_answered_from_the_replica_with_the_publisher_off(self):
        record = self.publish()
        self.recycler.follow(self.maker, "public", "recyclers/battery")
        wait_for("the replica", lambda: self.recycler.has_size(self.maker, "recyclers/battery", 1))
        self.maker.stop()
        worklist = self.folder / "worklist.txt"
        gtin, serial = SCANNED.split("/")
        lines = ([f"{gtin},,{serial}", f"{SCANNED},,"] * 2 + [f",no-such-model-{i}," for i in range(297)]
                 + ["nonsense!://,,", f",{MODEL.lower()},{serial}", f",{MODEL},", "# a remark", "04912345100993,,"])
        worklist.write_text("\n".join(["GTIN,型番,製造番号", *lines]), encoding="cp932")
        listed = self.recycler.cli("dismantle", "--from", str(worklist), "-o", "json", check=False)
        self.assertEqual(listed.code, 66, listed.error)
        self.assertIn("299 of 303 products were not found; 1 of 303", listed.error)
        answer = json.loads(listed.text)
        self.assertEqual({card["records"][0]["record_id"] for card in answer["cards"]}, {record})
        self.assertEqual([card["count"] for card in answer["cards"]], [2, 2, 1])
        self.assertTrue(all(card["steps"] and card["card_of"] == "item" for card in answer["cards"]))
        # The model has no passport of its own: which of its items is meant is not guessed.
        self.assertEqual([(row["identifier"], row["reason"], [one["record_id"] for one in row["candidates"]])
                          for row in answer["ambiguous"]], [(MODEL, "AMBIGUOUS_MODEL", [record])])
        self.assertEqual([(row["identifier"], row["reason"]) for row in answer["not_found"]][-2:],
                         [("nonsense!://", "IDENTIFIER"), ("04912345100993", "RECORD_NOT_FOUND")])

    def enquire(self, about, *more):
        answer = self.recycler.json("enquiry", "send", "--about", about, "--mass", "450", "--contact", "Buying",
                                    "--email", "buy@recycler.example", *more)
        return items_of(answer)[0]["record_id"]

    def test_an_enquiry_waits_for_a_seller_that_is_off_and_comes_back_answered(self):
        record = self.publish()
        self.recycler.follow(self.maker, "public")
        wait_for("the replica", lambda: self.recycler.has_size(self.maker, "public", 1))
        self.maker.stop()
        enquiry = self.enquire(record, "--message", "As scrap, in December?", "--region", "13")
        self.recycler.stop()
        self.recycler.start()
        self.maker.start()
        wait_for("the enquiry", lambda: self.maker.json("enquiry", "list", "--received")["enquiries"])
        self.assertEqual(self.maker.json("enquiry", "list", "--sent")["enquiries"], [])
        self.assertIn("As scrap, in December?", self.maker.cli("enquiry", "show", enquiry).text)
        for verdict, *more in (("question", "--message", "How much?"), ("offer", "--mass", "450", "--price", "-12.5"),
                               ("decline",)):
            self.maker.cli("enquiry", "answer", enquiry, verdict, *more)
        answers = wait_for("the answers", lambda: self.recycler.json("enquiry", "show", enquiry)["answers"][2:] and
                           self.recycler.json("enquiry", "show", enquiry)["answers"])
        verdicts = [view["envelope"]["sections"]["enquiry_answer"]["verdict"] for view in answers]
        self.assertEqual(verdicts, [f"ENQUIRY_VERDICT_{name}" for name in ("QUESTION", "OFFER", "DECLINE")])
        self.assertIn("-12.5 JPY/kg", self.recycler.cli("enquiry", "show", enquiry).text)
        self.assertIn("declined", self.recycler.cli("enquiry", "list", "--about", record).text)
        # Nobody else, and nobody in the seller's place.
        self.assertEqual(self.operator.json("enquiry", "list")["enquiries"], [])
        self.assertEqual(self.operator.cli("enquiry", "show", enquiry, check=False).code, 66)
        refused = self.recycler.cli("enquiry", "answer", enquiry, "decline", check=False)
        self.assertEqual(refused.code, 65, refused.error)
        self.assertIn("NOT_THE_SELLER", self.recycler.cli("enquiry", "answer", enquiry, "decline", "-o", "json",
                                                          check=False).error)

    def test_a_wrong_enquiry_is_refused_before_anything_is_sent(self):
        record = self.publish()
        self.recycler.follow(self.maker, "public")
        wait_for("the replica", lambda: self.recycler.has_size(self.maker, "public", 1))
        refused = self.recycler.cli("enquiry", "send", "--about", record, "--mass", "0", "--contact", "B", check=False)
        self.assertEqual(refused.code, 65, refused.error)
        for field in ("sections.enquiry.wanted_mass_kg", "sections.enquiry.contact"):
            self.assertIn(field, refused.error)
        self.assertEqual(self.recycler.cli("enquiry", "send", "--mass", "1", check=False).code, 64)
        self.assertEqual(self.recycler.cli("enquiry", "show", record, check=False).code, 65)
        self.assertEqual(self.recycler.json("enquiry", "list")["enquiries"], [])

    def test_a_node_that_is_told_not_to_follows_no_correspondent(self):
        self.maker.stop()
        self.maker.start("--follow-correspondents", "no")
        record = self.publish()
        self.recycler.follow(self.maker, "public")
        wait_for("the replica", lambda: self.recycler.has_size(self.maker, "public", 1))
        self.enquire(record)
        mine = f"to/{RECYCLER}"
        wait_for("the buyer to listen for an answer", lambda: any(
            follow["feed"] == mine and follow["state"].endswith("_LIVE") for follow in self.recycler.follows()))
        self.assertEqual([f for f in self.maker.follows() if f["publisher"] == RECYCLER], [])
        # By hand it still can.
        self.maker.follow(self.recycler, f"to/{MAKER}")
        wait_for("the enquiry", lambda: self.maker.json("enquiry", "list")["enquiries"])

    def test_a_history_is_paged_across_a_restart(self):
        record = self.publish()
        for _ in range(2):
            self.maker.cli("record", "update", record, str(DATA / "ev-battery.json"))
        first = self.maker.json("record", "history", record, "--page-size", "2")
        self.assertEqual(len(first["versions"]), 2)
        self.maker.stop()
        self.maker.start()
        rest = self.maker.json("record", "history", record, "--page-token", first["next_page_token"])
        self.assertEqual([v["envelope"]["version"] for v in rest["versions"]], [3])
        refused = self.maker.cli("record", "list", "--page-token", first["next_page_token"], check=False)
        self.assertEqual(refused.code, 65)

    def test_a_store_that_takes_no_more_writes_is_told_in_status_and_log_with_one_cure(self):
        self.publish()
        log = max((self.maker.folder / "store").glob("*.log"), key=lambda path: path.stat().st_mtime)
        limit = log.stat().st_size + 1000  # as if the disk were full now
        resource.prlimit(self.maker.process.pid, resource.RLIMIT_FSIZE, (limit, limit))
        refused = self.maker.cli("record", "publish", str(DATA / "washing-machine.json"), check=False)
        self.assertEqual(refused.code, 69)
        self.assertIn("start the node again", refused.error)
        self.assertNotIn("try again", refused.error)
        status = wait_for("the node to say so", lambda: self.status_unless("serving"))
        self.assertEqual(status["state"], "store-failed")
        self.assertIn("takes no more writes", status["problem"])
        for _ in range(2):
            self.maker.cli("record", "publish", str(DATA / "washing-machine.json"), check=False)
        told = [line["level"] for line in self.log_of(self.maker) if line["event"] == "store-failed"]
        self.assertEqual(told, ["error"])
        self.assertEqual(len(items_of(self.maker.json("record", "list"))), 1)

    def status_unless(self, state):
        status = self.maker.json("node", "status")
        return status if status["state"] != state else None

    def test_a_publisher_over_its_quota_stops_alone_and_goes_on_once_there_is_room(self):
        self.recycler.stop()
        self.recycler.start("--follow-quota-entries", "1")
        self.publish()
        self.recycler.follow(self.maker, "public")
        wait_for("the replica", lambda: self.recycler.has_size(self.maker, "public", 1))
        self.publish("washing-machine.json")
        wait_for("the feed to stop", lambda: "OVER_QUOTA" in self.recycler.cli("feed", "list", "-o", "json").text)
        answer = self.recycler.json("feed", "list")
        stopped = [follow for follow in answer["follows"] if follow["publisher"] == MAKER]
        self.assertEqual([(follow["size"], follow["last_error_reason"]) for follow in stopped],
                         [(1, "QUOTA_EXCEEDED")])
        (kept,) = answer["replicas"]
        self.assertEqual((kept["publisher"], kept["entries"], kept["entries_max"]), (MAKER, 1, 1))
        shown = self.recycler.cli("feed", "list").text
        self.assertIn("Raise follow_quota_entries", shown)
        self.assertIn("KEPT BYTES", shown)
        self.assertEqual(len(items_of(self.recycler.json("record", "list"))), 1)
        self.assertEqual([line["reason"] for line in self.log_of(self.recycler)
                          if line["event"] == "follow-over-quota"], ["QUOTA_EXCEEDED"])
        # The registry goes on whatever is kept of its publisher.
        size = next(f["size"] for f in answer["follows"] if f["feed"] == "registry")
        self.operator.cli("member", "suspend", MAKER)
        wait_for("the registry", lambda: self.recycler.has_size(self.operator, "registry", int(size) + 1))
        self.operator.cli("member", "activate", MAKER)
        self.recycler.stop()
        self.recycler.start()
        wait_for("the rest", lambda: self.recycler.has_size(self.maker, "public", 2))
        self.recycler.stop()
        self.assertIn("0 problems", self.recycler.run_node_command("fsck"))

    def test_every_problem_of_a_batch_is_told_and_nothing_is_stored(self):
        names = []
        for i in range(40):
            passport = json.loads(json.dumps(BATTERY))
            passport["sections"]["identity"]["serial"] = f"S{i}"
            passport["sections"]["identity"].pop("digital_link", None)
            names.append(self.folder / f"battery-{i}.json")
            names[-1].write_text(json.dumps(passport))
        refused = self.recycler.cli("record", "publish", *map(str, names), check=False)
        self.assertEqual(refused.code, 65, refused.error)
        self.assertIn("40 problems", refused.error)
        for name in names:
            self.assertIn(f"{name}: sections.identity.gtin", refused.error)
        self.assertIn(MAKER, refused.error)
        self.assertEqual(items_of(self.recycler.json("record", "list")), [])
        self.maker.cli("record", "publish", str(names[0]))

    def test_refused_calls_and_broken_connections_are_written_down_as_json(self):
        self.maker.add_client("reader", "read")
        for _ in range(3):
            self.maker.cli("feed", "follow", RECYCLER, "public", client="reader", check=False)
        for noise in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\x05hello", b"\n\x1b[31m\xff\n"):
            with socket.create_connection(("127.0.0.1", self.maker.port)) as connection:
                connection.sendall(noise)
                connection.recv(100)
        refused = [line for line in self.log_of(self.maker) if line["event"] == "call-refused"]
        self.assertEqual([line["reason"] for line in refused], ["CLIENT_ROLE"])
        self.assertIn("/client/reader", refused[0]["peer"])
        self.assertEqual(refused[0]["method"], "meguri.admin.v1.AdminService.AddFollow")
        self.assertTrue(any(line["event"] == "grpc" for line in self.log_of(self.maker)))
        self.assertNotIn("server name", self.maker.log_path.read_text())


if __name__ == "__main__":
    run()
