#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One node that serves three members, its own and two guests, and a fourth member's node that follows them all."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy"))
from federation import Federation, items_of, wait_for  # noqa: E402

DATA = ROOT / "deploy" / "demo-data"
OPERATOR = "0188:8000020130001"
HOST = "0188:7123456789012"
RECYCLER = "0188:4000012090001"
MILL = "0199:mill"
WORKSHOP = "0199:workshop.1"
BIN = None


class HostingTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="meguri-hosting-")
        self.addCleanup(temporary.cleanup)
        self.federation = Federation(BIN, temporary.name)
        self.addCleanup(self.federation.stop)
        self.operator = self.federation.start_operator(OPERATOR, "運営", "Operator")
        self.host = self.federation.add_member("host", HOST, "ホスト", "Host", "--role", "manufacturer")
        self.mill = self.federation.add_guest(self.host, "mill", MILL, "製錬所", "Mill", "--role", "manufacturer")
        self.workshop = self.federation.add_guest(self.host, "workshop", WORKSHOP, "工房", "Workshop", "--role",
                                                  "recycler:battery", "--permit", "産廃処分|01320000001|13")
        self.hosted = (self.host, self.mill, self.workshop)
        self.start_anew()
        self.recycler = self.federation.add_member("recycler", RECYCLER, "リサイクル", "Recycler", "--role",
                                                   "recycler:battery", "--permit", "産廃処分|01320000001|13")

    def start_anew(self):
        self.host.stop()
        self.host.start()
        for member in self.hosted:
            wait_for(f"{member.name} to find itself in the registry", lambda: member.cli(
                "member", "show", member.participant, check=False).code == 0)

    def publish(self, member, name="ev-battery.json"):
        return items_of(member.json("record", "publish", str(DATA / name)))[0]["record_id"]

    def listed(self, member, publisher):
        return {v["envelope"]["record_id"] for v in items_of(member.json("record", "list", "--all", "--publisher",
                                                                         publisher.participant))}

    def follow_of(self, follower, publisher, feed="public"):
        return next(f for f in follower.follows() if (f["publisher"], f["feed"]) == (publisher.participant, feed))

    def call_as(self, client_folder, *arguments):
        command = [str(self.federation.bin / "meguri"), "--home", str(client_folder), "--lang", "en", *arguments]
        return subprocess.run(command, capture_output=True, text=True)

    def test_each_member_has_records_feeds_and_follows_of_its_own(self):
        records = {member: self.publish(member) for member in self.hosted}
        for member in self.hosted:
            self.recycler.follow(member, "public", "recyclers/battery")
        for member in self.hosted:
            wait_for(f"the record of {member.name}", lambda: self.recycler.has_size(member, "public", 1))
            self.assertEqual(self.listed(self.recycler, member), {records[member]})
            # What one has published, the others on the same node have not so much as seen.
            for other in self.hosted:
                self.assertEqual(self.listed(member, other), {records[member]} if other is member else set())
            self.assertEqual(member.json("node", "status")["hosted_members"], [member.participant])
        # A guest follows a member elsewhere, another guest beside it, and the member whose node it is.
        batch = self.publish(self.recycler)
        for publisher in (self.recycler, self.mill, self.host):
            self.workshop.follow(publisher, "public", "recyclers/battery")
        for publisher in (self.recycler, self.mill, self.host):
            wait_for(f"the record of {publisher.name}", lambda: self.workshop.has_size(publisher, "recyclers/battery",
                                                                                       1))
        self.assertEqual(self.listed(self.workshop, self.recycler), {batch})
        self.assertEqual(self.listed(self.mill, self.recycler), set())
        self.assertIn("dismantling", self.workshop.json("record", "get", records[self.mill])["envelope"]["sections"])
        # The mill is no recycler: the same record of the host shows it less.
        self.mill.follow(self.host, "public", "recyclers/battery")
        wait_for("the refusal of what is for recyclers", lambda: self.follow_of(
            self.mill, self.host, "recyclers/battery").get("last_error_reason") == "FEED_NOT_READABLE")
        wait_for("the record", lambda: self.mill.has_size(self.host, "public", 1))
        self.assertNotIn("dismantling", self.mill.json("record", "get", records[self.host])["envelope"]["sections"])
        # All of it is there after a restart, and every store is whole.
        self.start_anew()
        later = self.publish(self.mill, "washing-machine.json")
        wait_for("what comes after the restart", lambda: self.recycler.has_size(self.mill, "public", 2))
        self.assertEqual(self.listed(self.recycler, self.mill), {records[self.mill], later})
        self.host.stop()
        checked = self.host.run_node_command("fsck").splitlines()
        self.assertEqual(len(checked), 3)
        self.assertTrue(all(line.endswith(": 0 problems") for line in checked), checked)
        self.assertIn(MILL, checked[1])

    def test_the_record_key_stays_with_the_member_and_the_host_cannot_do_without_it(self):
        for member in (self.mill, self.workshop):
            kept = member.key_path.read_bytes()
            files = [path for path in self.host.folder.rglob("*") if path.is_file() and "store" not in path.parts]
            self.assertFalse([path for path in files if kept in path.read_bytes()])
            self.assertFalse([path for path in files if "hosted" in path.parts and path.name.startswith("record")])
        made = self.host.run_node_command("client", "add", "hosts-own", "--role", "admin", "--member", MILL)
        refused = self.call_as(made, "record", "publish", str(DATA / "ev-battery.json"))
        self.assertNotEqual(refused.returncode, 0)
        # With another key it is refused by the host's own node, as it would be by anybody else.
        shutil.copy(self.workshop.key_path, pathlib.Path(made) / "record.key")
        refused = self.call_as(made, "record", "publish", str(DATA / "ev-battery.json"))
        self.assertIn("UNKNOWN_KEY", refused.stderr)

    def test_an_administrator_has_no_say_over_another_member(self):
        record = self.publish(self.mill)
        client = self.federation.folder / "crossing"
        for whose, named in ((self.workshop, self.mill), (self.host, self.mill), (self.mill, self.host)):
            shutil.rmtree(client, ignore_errors=True)
            shutil.copytree(whose.client_folder("admin"), client)
            text = (client / "client.toml").read_text(encoding="utf-8")
            self.assertIn(f'member = "{whose.participant}"', text)
            (client / "client.toml").write_text(text.replace(f'member = "{whose.participant}"',
                                                             f'member = "{named.participant}"'), encoding="utf-8")
            for command in (("node", "status"), ("feed", "list"), ("audit", "list"), ("record", "get", record)):
                refused = self.call_as(client, *command)
                self.assertNotEqual(refused.returncode, 0, command)
                self.assertIn("CERTIFICATE_CHAIN", refused.stderr, command)
        # Nor does a certificate help that another member's authority has issued in its name.
        forged = self.federation.folder / "forged"
        shutil.copytree(self.host.folder, forged, ignore=shutil.ignore_patterns("store"))
        for file in ("keys/client-ca.key", "certs/client-ca.crt"):
            shutil.copy(self.workshop.folder_at_host / file, forged / "hosted" / "0199-mill" / file)
        made = subprocess.run([str(self.federation.bin / "meguri-node"), "--data", str(forged), "client", "add", "evil",
                               "--role", "admin", "--member", MILL], capture_output=True, text=True, check=True)
        refused = self.call_as(made.stdout.strip(), "node", "status")
        self.assertIn("CERTIFICATE_CHAIN", refused.stderr)
        # A client is revoked where it belongs, and the other of the same name goes on.
        self.host.run_node_command("client", "revoke", "admin", "--member", MILL)
        wait_for("the revocation", lambda: "CLIENT_REVOKED" in self.mill.cli("node", "status", check=False).error)
        for other in (self.host, self.workshop):
            self.assertEqual(other.cli("node", "status").code, 0)

    def test_a_suspended_guest_is_cut_while_the_others_go_on(self):
        for member in (self.mill, self.workshop):
            self.publish(member)
            self.recycler.follow(member, "public")
            self.recycler.wait_until_live(member, "public")
        self.mill.follow(self.recycler, "public")
        self.mill.wait_until_live(self.recycler, "public")
        self.operator.cli("member", "suspend", MILL)
        wait_for("the mill to be cut", lambda: self.follow_of(self.mill, self.recycler).get(
            "last_error_reason") == "MEMBER_SUSPENDED")
        refused = self.mill.cli("record", "publish", str(DATA / "washing-machine.json"), check=False)
        self.assertIn("MEMBER_NOT_ACTIVE", refused.error)
        self.publish(self.workshop, "washing-machine.json")
        wait_for("the workshop's next record", lambda: self.recycler.has_size(self.workshop, "public", 2))
        self.host.stop()
        self.assertIn("suspended", self.host.run_node_command("host", "list"))

    def test_a_member_is_removed_when_the_registry_has_let_it_go(self):
        self.publish(self.mill)
        self.recycler.follow(self.mill, "public")
        wait_for("the mill's record", lambda: self.recycler.has_size(self.mill, "public", 1))
        self.assertEqual([line.split()[:2] for line in self.host.run_node_command("host", "list").splitlines()[1:]],
                         [[MILL, "hosted-here"], [WORKSHOP, "hosted-here"]])
        refused = subprocess.run(self.host.node_command("host", "remove", MILL), capture_output=True, text=True)
        self.assertIn("HOSTED_STILL", refused.stderr)
        running = subprocess.run(self.host.node_command("host", "remove", MILL, "--abandon"), capture_output=True,
                                 text=True)
        self.assertIn("STORE_LOCKED", running.stderr)
        self.host.stop()
        self.host.run_node_command("host", "remove", MILL, "--abandon")
        self.assertFalse(self.mill.folder_at_host.exists())
        self.assertEqual(len(list((self.host.folder / "no-longer-hosted").iterdir())), 1)
        self.hosted = (self.host, self.workshop)
        self.start_anew()
        # The registry sends callers here, and here they are told; the others are served as before.
        wait_for("the answer", lambda: self.follow_of(self.recycler, self.mill).get(
            "last_error_reason") == "NOT_HOSTED_HERE")
        self.publish(self.workshop)
        self.recycler.follow(self.workshop, "public")
        wait_for("the workshop's record", lambda: self.recycler.has_size(self.workshop, "public", 1))

    def test_a_guest_signs_its_host_s_new_feed_key_and_what_changes_in_its_entry(self):
        self.publish(self.mill)
        self.recycler.follow(self.mill, "public")
        wait_for("the record", lambda: self.recycler.has_size(self.mill, "public", 1))
        made = self.host.run_node_command("rotate-key", "feed", "--member", MILL).splitlines()
        self.assertEqual([pathlib.Path(line).name for line in made[:2]], ["feed-2.key", "change-request-feed-key"])
        unsigned = self.operator.cli("member", "update", made[1], "--yes", check=False)
        self.assertIn("CHANGE_SIGNATURE", unsigned.error)

        def signed(request, key, name):
            out = self.federation.folder / name
            return out, self.mill.cli("member", "sign", request, "--record-key", str(key), "--out", str(out), "--yes",
                                      check=False)
        self.assertIn("CHANGE_SIGNATURE", signed(made[1], self.workshop.key_path, "forged")[1].error)
        change, answer = signed(made[1], self.mill.key_path, "rotated")
        self.assertEqual(answer.code, 0, answer.error)
        self.operator.cli("member", "update", str(change), "--yes")

        def has_taken_it_up():
            with open(self.host.log_path, encoding="utf-8") as log:
                return any('"event":"feed-key-adopted"' in line and f'"hosted_member":"{MILL}"' in line for line in log)
        wait_for("the host to use the new key", has_taken_it_up)
        self.publish(self.mill, "washing-machine.json")
        wait_for("what the new key signs", lambda: self.recycler.has_size(self.mill, "public", 2))
        renamed = self.host.run_node_command("request-change", "--member", MILL, "--name-en", "New Mill").splitlines()[0]
        change, answer = signed(renamed, self.mill.key_path, "renamed")
        self.assertIn("New Mill", answer.error)
        self.operator.cli("member", "update", str(change), "--yes")
        wait_for("the new name", lambda: "New Mill" in self.recycler.cli("member", "show", MILL).text)
        for key in ("record", "node"):
            refused = subprocess.run(self.host.node_command("rotate-key", key, "--member", MILL), capture_output=True,
                                     text=True)
            self.assertEqual(refused.returncode, 65, refused.stderr)

    def test_a_guest_at_its_limit_is_refused_and_the_others_go_on(self):
        record = self.publish(self.mill)
        for publisher in (self.mill, self.workshop):
            self.recycler.follow(publisher, "public")
        batch = self.publish(self.recycler)
        self.host.run_node_command("host", "quota", MILL, "--records", "1")
        refused = wait_for("the quota to count", lambda: next((answer.error for answer in [self.mill.cli(
            "record", "publish", str(DATA / "washing-machine.json"), check=False)] if answer.code), None))
        self.assertIn("GUEST_RECORDS", refused)
        usage = self.mill.json("node", "status")["guest"]
        self.assertEqual(int(usage["records_max"]), 1)
        self.assertGreaterEqual(int(usage["records"]), 1)
        self.assertIn(f"{usage['records']} / 1", self.mill.cli("node", "status").text)
        self.assertNotIn("guest", self.host.json("node", "status"), "its own member has what there is")
        self.assertIn("its quota is 1", refused)
        # What it is not allowed to take in, it does not take in by following either.
        self.mill.follow(self.recycler, "public")
        wait_for("the follow to stop", lambda: self.follow_of(self.mill, self.recycler).get(
            "last_error_reason") == "QUOTA_EXCEEDED")
        self.assertEqual(self.listed(self.mill, self.recycler), set())
        # What is there is read, and may be ended; the others notice nothing.
        self.assertEqual(self.mill.cli("record", "withdraw", record, "--yes").code, 0)
        self.publish(self.workshop)
        self.workshop.follow(self.recycler, "public")
        wait_for("the workshop's copy", lambda: self.listed(self.workshop, self.recycler) == {batch})
        self.host.run_node_command("host", "quota", MILL, "--records", "1000", "--calls-per-second", "1")
        self.assertIn("0/16384", self.host.run_node_command("host", "list"))
        calls = [self.mill.cli("node", "status", check=False) for _ in range(40)]
        self.assertTrue([call for call in calls if "GUEST_CALLS" in call.error], calls[-1].error)
        self.assertEqual(self.workshop.cli("node", "status").code, 0)
        self.host.run_node_command("host", "quota", MILL, "--calls-per-second", "1000")
        wait_for("the mill to publish again", lambda: self.mill.cli(
            "record", "publish", str(DATA / "washing-machine.json"), check=False).code == 0)
        refused = subprocess.run(self.host.node_command("host", "quota", HOST, "--records", "5"), capture_output=True,
                                 text=True)
        self.assertIn("takes what there is", refused.stderr)

    def test_a_guest_erases_and_its_holders_answer_the_guest_beside_it_too(self):
        record = self.publish(self.mill)
        for holder in (self.recycler, self.workshop):
            holder.follow(self.mill, "public", "recyclers/battery")
            wait_for("the battery", lambda: holder.has_size(self.mill, "recyclers/battery", 1))
        self.mill.cli("record", "withdraw", record, "--erase", "--yes", "--basis", "trade-secret")

        def answers():
            return {h["participant_id"]: h["state"] for h in self.mill.json("erasure", "show", record)["holders"]}
        wait_for("both to have erased it", lambda: all(
            answers().get(holder.participant) == "HOLDER_STATE_DONE" for holder in (self.recycler, self.workshop)))
        for holder in (self.recycler, self.workshop):
            self.assertIn("erased", holder.cli("record", "get", record).text)
        # Nobody else of that node has heard of it.
        self.assertEqual(items_of(self.host.json("erasure", "list")), [])
        self.host.stop()
        checked = self.host.run_node_command("fsck").splitlines()
        self.assertTrue(all(line.endswith(": 0 problems") for line in checked), checked)

    def test_what_is_wrong_with_one_member_stops_no_other(self):
        self.publish(self.mill)
        self.host.stop()
        shutil.rmtree(self.mill.folder_at_host / "store")
        self.hosted = (self.host, self.workshop)
        self.start_anew()
        with open(self.host.log_path, encoding="utf-8") as log:
            told = [line for line in log if '"event":"member-not-served"' in line]
        self.assertEqual(len(told), 1)
        self.assertIn(f'"hosted_member":"{MILL}"', told[0])
        self.assertIn('"reason":"STORE_LOST"', told[0])
        self.publish(self.workshop)
        self.assertNotEqual(self.mill.cli("record", "list", check=False).code, 0)


if __name__ == "__main__":
    BIN = sys.argv.pop(1)
    unittest.main(verbosity=2)
