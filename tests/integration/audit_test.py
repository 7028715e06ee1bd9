#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The audit feed of real nodes: what was given has a row, whom it concerns may see it, and nobody takes one out unseen."""
import pathlib
import shutil
import signal

from set_up import DATA, OPERATOR, FederationTest, run
from federation import items_of, wait_for

MAKER = "0188:7123456789012"
RECYCLER = "0188:4000012090001"
DEALER = "9999:dealer"
GROUP = "recyclers/battery"


class AuditTest(FederationTest):
    def setUp(self):
        super().setUp()
        self.maker = self.federation.add_member("maker", MAKER, "メーカー", "Maker", "--role", "manufacturer",
                                                "--gs1-prefix", "4912345")
        self.recycler = self.federation.add_member("recycler", RECYCLER, "リサイクル", "Recycler", "--role",
                                                   "recycler:battery", "--permit", "産廃処分|01320000001|13")

    def publish(self, name="ev-battery.json"):
        return items_of(self.maker.json("record", "publish", str(DATA / name)))[0]["record_id"]

    def rows(self, member, *arguments):
        return items_of(member.json("audit", "list", *arguments))

    def deliver(self):
        """The recycler's node follows the narrow feed, and has got one battery by it."""
        self.recycler.follow(self.maker, "public", GROUP)
        record = self.publish()
        wait_for("the battery", lambda: self.recycler.has_size(self.maker, GROUP, 1))
        return record

    def test_what_was_given_has_a_row_and_what_is_public_has_none(self):
        self.deliver()
        rows = self.rows(self.maker, "--decision", "delivered")
        self.assertEqual([(r["reader"], r["rule"], r["feed"]["name"]) for r in rows],
                         [(RECYCLER, "allow-recycler-of-group", GROUP)])
        self.assertEqual(rows[0]["feed"]["to"], 1)
        self.assertEqual(rows[0]["publisher"], MAKER)
        self.assertIn("/node/main", rows[0]["identity"])
        # The maker reads its own: no row.
        self.maker.json("record", "list", "--all")
        self.assertEqual(len(self.rows(self.maker, "--decision", "delivered")), 1)
        table = self.maker.cli("audit", "list")
        self.assertIn("allow-recycler-of-group", table.text)
        self.assertIn("in the signed head", table.error)

    def test_a_reader_sees_the_rows_about_itself_at_the_owner_and_a_third_member_none(self):
        dealer = self.federation.add_member("dealer", DEALER, "販売", "Dealer")
        self.deliver()
        seen = self.rows(self.recycler, "--peer", MAKER)
        self.assertEqual([r["reader"] for r in seen], [RECYCLER])
        self.assertEqual(self.rows(dealer, "--peer", MAKER), [])
        self.assertEqual(self.rows(dealer, "--peer", MAKER, "--reader", RECYCLER), [])
        # The refusal of the dealer is the dealer's to see, and the owner's.
        dealer.follow(self.maker, GROUP)
        wait_for("the refusal", lambda: any(
            f.get("last_error_reason") == "FEED_NOT_READABLE" for f in dealer.follows()))
        refused = wait_for("its row", lambda: self.rows(dealer, "--peer", MAKER))
        self.assertEqual([(r["decision"], r["rule"]) for r in refused], [("denied", "FEED_NOT_READABLE")])
        self.assertEqual(len(self.rows(self.maker, "--decision", "denied", "--reader", DEALER)), 1)
        self.assertEqual([r["reader"] for r in self.rows(self.recycler, "--peer", MAKER)], [RECYCLER])
        # Nobody follows the feed itself.
        self.recycler.follow(self.maker, "audit")
        wait_for("the refusal of the audit feed", lambda: any(
            f["feed"] == "audit" and f.get("last_error_reason") == "FEED_NOT_READABLE"
            for f in self.recycler.follows()))
        unknown = self.recycler.cli("audit", "list", "--peer", "9999:nobody", check=False)
        self.assertIn("MEMBER_NOT_FOUND", unknown.error)

    def test_clients_and_administrators_leave_rows_at_their_own_member(self):
        record = self.deliver()
        self.recycler.add_client("desk", "read")
        self.recycler.cli("record", "get", record, client="desk")
        rows = self.rows(self.recycler, "--record", record)
        self.assertEqual([(r["rule"], r["publisher"], r["identity"].rsplit("/", 1)[1]) for r in rows],
                         [("allow-copy", MAKER, "desk")])
        self.assertIn("dismantling", self.recycler.cli("audit", "list", "--record", record).text)
        done = self.rows(self.recycler, "--decision", "administered")
        self.assertTrue(done[0]["method"].endswith("AddFollow"))
        self.assertIn(GROUP, done[0]["detail"])
        # A batch of the stream that brought the record counts as well as a question about it.
        self.assertEqual([r["feed"]["name"] for r in self.rows(self.maker, "--record", record)], [GROUP])
        # What the recycler's people read is no business of the maker's; nor does a reader need more than its role.
        self.assertEqual(self.rows(self.maker, "--peer", RECYCLER), [])
        self.assertEqual(self.recycler.cli("audit", "list", client="desk").code, 0)
        self.assertEqual(self.recycler.cli("feed", "follow", MAKER, "members", client="desk", check=False).code, 77)
        wait_for("the refusal of a client", lambda: any(
            r["rule"] == "CLIENT_ROLE" for r in self.rows(self.recycler, "--decision", "denied")))

    def test_an_auditor_checks_files_offline_and_each_against_the_one_before(self):
        self.deliver()
        first, second = str(self.folder / "first.audit"), str(self.folder / "second.audit")
        self.maker.cli("audit", "export", first)
        self.publish()
        wait_for("another battery", lambda: self.recycler.has_size(self.maker, GROUP, 2))
        self.maker.cli("audit", "export", second, "--since", first)
        self.assertEqual(self.maker.cli("audit", "export", first, check=False).code, 73, "nothing is overwritten")
        self.maker.stop()
        verified = self.maker.json("audit", "verify", second, "--since", first)
        self.assertEqual((verified["verdict"], verified["complete"], verified["continues_earlier"]),
                         ("PROVEN", True, True))
        self.assertEqual(len(verified["rows"]), verified["size"])
        backwards = self.maker.cli("audit", "verify", first, "--since", second, check=False)
        self.assertEqual(backwards.code, 1)
        self.assertIn("AUDIT_SHORTER", backwards.error)
        path = pathlib.Path(second)
        whole = path.read_bytes()
        path.write_bytes(whole[:200] + bytes([whole[200] ^ 1]) + whole[201:])
        changed = self.maker.cli("audit", "verify", second, check=False)
        self.assertEqual(changed.code, 1)
        self.assertIn("does not verify", changed.error)

    def test_a_feed_that_was_cut_back_is_found_and_both_files_are_kept(self):
        self.deliver()
        self.maker.stop()
        backup = self.folder / "backup"
        shutil.copytree(self.maker.folder, backup)
        self.maker.start()
        self.maker.cli("feed", "follow", OPERATOR, "public")
        first, second = str(self.folder / "first.audit"), str(self.folder / "second.audit")
        self.maker.cli("audit", "export", first)
        self.maker.stop()
        shutil.rmtree(self.maker.folder)
        shutil.copytree(backup, self.maker.folder)
        self.maker.start()
        self.maker.cli("feed", "follow", OPERATOR, "members")
        changed = self.maker.cli("audit", "export", second, "--since", first, check=False)
        self.assertIn("AUDIT_CHANGED", changed.error)
        self.assertIn("keep both", changed.error)
        self.assertEqual(self.maker.json("audit", "verify", second)["verdict"], "PROVEN")
        both = self.maker.cli("audit", "verify", second, "--since", first, check=False)
        self.assertEqual(both.code, 1)
        self.assertIn("AUDIT_CHANGED", both.error)

    def test_a_peer_exports_the_rows_about_itself(self):
        self.deliver()
        mine = str(self.folder / "mine.audit")
        self.recycler.cli("audit", "export", mine, "--peer", MAKER)
        verified = self.recycler.json("audit", "verify", mine)
        self.assertEqual((verified["verdict"], verified["member"]), ("PROVEN", MAKER))
        self.assertEqual({r["reader"] for r in verified["rows"]}, {RECYCLER})

    def test_rows_outlast_kill_9_and_fsck_finds_them_whole(self):
        self.deliver()
        before = self.rows(self.maker)
        self.maker.stop(signal.SIGKILL)
        self.maker.start()
        self.assertEqual(self.rows(self.maker)[:len(before)], before)
        for member in (self.maker, self.recycler):
            member.stop()
            self.assertIn(" 0 problems", member.run_node_command("fsck"))


if __name__ == "__main__":
    run()
