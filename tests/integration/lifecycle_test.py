#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The life of members, keys and certificates, as an operator and a member live it: real nodes over mutual TLS."""
import os
import pathlib
import shutil
import subprocess

from set_up import DATA, OPERATOR, FederationTest, run
from federation import Failure, items_of, wait_for

MAKER = "0188:7123456789012"
RECYCLER = "0188:4000012090001"


class LifecycleTest(FederationTest):
    def setUp(self):
        super().setUp()
        self.maker = self.federation.add_member("maker", MAKER, "メーカー", "Maker", "--role", "manufacturer",
                                                "--gs1-prefix", "4912345")

    def add_recycler(self):
        return self.federation.add_member("recycler", RECYCLER, "リサイクル", "Recycler", "--role", "recycler:battery",
                                          "--permit", "産廃処分|01320000001|13")

    def entry(self, asker, participant=MAKER):
        return asker.json("member", "show", participant)

    def publish(self, member, name="ev-battery.json"):
        return items_of(member.json("record", "publish", str(DATA / name)))[0]["record_id"]

    def wait_for_entry_file(self, member, text):
        """The folder of a running node holds its registry entry; commands on the folder start from that file."""
        path = member.folder / "registry-entry"
        wait_for(f"{member.name}'s entry file to say {text}",
                 lambda: path.exists() and text.encode() in path.read_bytes())

    # Enrolling

    def test_an_old_request_neither_reactivates_a_suspended_member_nor_replaces_an_entry(self):
        request = str(self.maker.folder / "enrolment-request")
        refused = self.operator.cli("member", "enrol", request, "--out", str(self.folder / "a"), "--yes", check=False)
        self.assertEqual(refused.code, 65)
        self.assertIn("ALREADY_ENROLLED", refused.error)
        self.operator.cli("member", "suspend", MAKER)
        refused = self.operator.cli("member", "enrol", request, "--out", str(self.folder / "a"), "--yes", check=False)
        self.assertEqual(refused.code, 65)
        self.assertIn("MEMBER_SUSPENDED", refused.error)
        self.assertIn("member activate", refused.error)
        self.assertFalse((self.folder / "a").exists())
        # Again, on purpose: a certificate, and still suspended.
        self.operator.cli("member", "enrol", request, "--again", "--out", str(self.folder / "a"), "--yes")
        self.assertEqual(self.entry(self.operator)["status"], "MEMBER_STATUS_SUSPENDED")
        self.maker.run_node_command("join", str(self.folder / "a"))

    # Changing an entry

    def test_a_member_asks_for_a_change_and_the_operator_applies_it_once(self):
        self.wait_for_entry_file(self.maker, "Maker")
        request = self.maker.run_node_command("request-change", "--name-en", "Maker Holdings", "--link-domain",
                                              "id.maker.example").split("\n")[0]
        applied = self.operator.cli("member", "update", request, "--yes")
        self.assertIn("+ NAME", applied.error)
        self.assertIn("Maker Holdings", applied.error)
        self.assertNotIn("ADDRESSES", applied.error)
        wait_for("the change to reach the maker",
                 lambda: self.entry(self.maker)["name"]["en"] == "Maker Holdings")
        again = self.operator.cli("member", "update", request, "--yes", check=False)
        self.assertEqual(again.code, 65)
        self.assertIn("CHANGE_STALE", again.error)
        self.wait_for_entry_file(self.maker, "Maker Holdings")
        second = self.maker.run_node_command("request-change", "--link-domain", "").split("\n")[0]
        self.operator.cli("member", "update", second, "--yes")
        self.assertNotIn("link_domains", self.entry(self.operator))

    def test_the_operator_changes_roles_and_the_new_scope_opens_a_feed(self):
        recycler = self.add_recycler()
        self.publish(self.maker, "washing-machine.json")
        recycler.follow(self.maker, "recyclers/washing-machine")
        wait_for("the refusal outside its group", lambda: any(
            f.get("last_error_reason") == "FEED_NOT_READABLE" for f in recycler.follows()))
        self.operator.cli("member", "update", RECYCLER, "--role", "recycler:battery,washing-machine", "--yes")
        wait_for("the feed of the new group", lambda: recycler.has_size(self.maker, "recyclers/washing-machine", 1))

    def test_the_operator_is_warned_of_a_prefix_that_another_member_has(self):
        self.add_recycler()
        warned = self.operator.cli("member", "update", RECYCLER, "--gs1-prefix", "49123456", "--yes")
        self.assertIn(f"49123456, while {MAKER} has 4912345", warned.error)
        self.assertNotIn(MAKER, self.operator.cli("member", "suspend", RECYCLER).error)

    def test_the_answer_to_a_request_is_refused_with_any_damage(self):
        answer = self.folder / "answer"
        request = self.maker.folder / "enrolment-request"
        self.operator.cli("member", "enrol", str(request), "--again", "--out", str(answer), "--yes")
        whole = answer.read_bytes()
        damaged = self.folder / "damaged"
        for at in range(20, len(whole), max(1, len(whole) // 40)):
            damaged.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1:])
            joined = subprocess.run(self.maker.node_command("join", str(damaged)), capture_output=True, text=True)
            self.assertEqual((joined.returncode, "ENROLMENT" in joined.stderr), (65, True), f"byte {at}: {joined.stderr}")
        whole = request.read_bytes()
        for at in (84, len(whole) // 2):
            damaged.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1:])
            refused = self.operator.cli("member", "enrol", str(damaged), "--again", "--yes", check=False)
            self.assertEqual(refused.code, 65, refused.error)
            self.assertNotIn("client.toml", refused.error)
        self.assertEqual({len(key["key_id"]) for key in self.operator.json("member", "show", MAKER)["keys"]}, {64})

    def test_a_start_names_the_file_that_is_damaged(self):
        self.maker.stop()
        for name in ("trust-bundle", "certs/client-ca.crt", "certs/node.crt"):
            path = self.maker.folder / name
            whole = path.read_bytes()
            path.write_bytes(b"garbage")
            with self.assertRaisesRegex(Exception, f"{path}: "):
                self.maker.start()
            path.write_bytes(whole)
        self.maker.start()

    def test_a_municipality_is_told_at_init_that_its_number_is_none(self):
        bundle = str(self.operator.folder / "trust-bundle")
        told = subprocess.run(
            [str(self.federation.bin / "meguri-node"), "--data", str(self.folder / "town"), "init", "--trust-bundle", bundle,
             "--participant", MAKER, "--name-ja", "市", "--name-en", "Town", "--kind", "municipality",
             "--listen", "127.0.0.1:1"], capture_output=True, text=True)
        self.assertEqual((told.returncode, "V2_LOCAL_GOVERNMENT_CODE" in told.stderr), (65, True), told.stderr)
        self.assertFalse((self.folder / "town").exists())

    # Replacing keys

    def key_in_use(self, member):
        return member.json("key", "show")["key_id"]

    def log_says(self, member, event):
        return f'"event":"{event}"' in member.log_path.read_text(errors="replace")

    def verdict(self, member, record):
        path = self.folder / f"{record}.meguri"
        member.cli("record", "get", record, "--save", str(path))
        return member.cli("verify", str(path), check=False)

    def register(self, member, *rotate):
        """Makes a new key in the folder of a member, and has the operator register it."""
        self.wait_for_entry_file(member, member.participant)
        key_file, request = member.run_node_command("rotate-key", *rotate).split("\n")[:2]
        self.operator.cli("member", "update", request, "--yes")
        return pathlib.Path(key_file)

    def test_a_new_record_key_signs_once_it_is_registered_and_old_records_stay_readable(self):
        old_key = self.key_in_use(self.maker)
        first = self.publish(self.maker)
        self.wait_for_entry_file(self.maker, "Maker")
        key_file, request = self.maker.run_node_command("rotate-key", "record").split("\n")[:2]
        self.assertEqual(pathlib.Path(key_file).stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.key_in_use(self.maker), old_key)
        self.publish(self.maker)
        self.operator.cli("member", "update", request, "--yes")
        wait_for("the new key to be in use", lambda: self.key_in_use(self.maker) != old_key)
        self.assertIn("endorsed", self.operator.cli("member", "show", MAKER).text)
        third = self.publish(self.maker)
        recycler = self.add_recycler()
        recycler.follow(self.maker, "public", "recyclers/battery")
        wait_for("all three records", lambda: recycler.has_size(self.maker, "public", 3))
        for record in (first, third):
            verdict = self.verdict(recycler, record).text
            self.assertIn("VALID", verdict)
            self.assertNotIn("old key's signature", verdict)

    def test_a_revoked_key_publishes_nothing_and_what_it_signed_is_followed_but_indeterminate(self):
        old_key = self.key_in_use(self.maker)
        record = self.publish(self.maker)
        self.operator.cli("member", "revoke-key", MAKER, old_key[:8], "--at", "2020-01-01T00:00:00Z", "--yes")
        wait_for("the maker's node to know", lambda: "revoked" in self.maker.cli("member", "show", MAKER).text)
        refused = self.maker.cli("record", "publish", str(DATA / "ev-battery.json"), check=False)
        self.assertEqual(refused.code, 65)
        self.assertIn("revoked", refused.error)
        recycler = self.add_recycler()
        recycler.follow(self.maker, "public")
        wait_for("the record that was published before", lambda: recycler.has_size(self.maker, "public", 1))
        doubtful = self.verdict(recycler, record)
        self.assertIn("INDETERMINATE", doubtful.text)
        self.assertIn("ask its publisher for a new version", doubtful.error)
        self.assertNotIn("get it again", doubtful.error)
        # Without a key in force only a new enrolment helps, and the operator is told what that is.
        self.maker.stop()
        lost = self.folder / "lost"
        self.maker.folder.rename(lost)
        self.maker.run_node_command("init", "--trust-bundle", str(self.operator.folder / "trust-bundle"),
                                    "--participant", MAKER, "--name-ja", "メーカー", "--name-en", "Maker", "--role",
                                    "manufacturer", "--listen", self.maker.address)
        epochs = [f"keys/{path.name}" for path in (lost / "keys").glob("data-epoch-*.key")]
        for kept in ("store", "ANCHOR", "DATA_KEYS", *epochs):
            (lost / kept).rename(self.maker.folder / kept)
        answer = str(self.folder / "again")
        told = self.operator.cli("member", "enrol", str(self.maker.folder / "enrolment-request"), "--again", "--out",
                                 answer, "--yes")
        self.assertIn("recovery", told.error)
        self.maker.run_node_command("join", answer)
        self.maker.add_client("admin", "admin")
        self.maker.start()
        wait_for("the maker to publish with its new key", lambda: self.maker.cli(
            "record", "publish", str(DATA / "ev-battery.json"), check=False).code == 0)
        wait_for("the recycler to follow on", lambda: recycler.has_size(self.maker, "public", 2))
        self.everyone_sees_the_recovery(recycler)

    def everyone_sees_the_recovery(self, recycler):
        sentence = f"key of {MAKER} replaced without the old key's signature on 20"
        record = self.publish(self.maker)
        wait_for("the record under the new key", lambda: recycler.has_size(self.maker, "public", 3))
        self.assertIn(sentence, recycler.cli("record", "get", record).text)
        self.assertIn(sentence, recycler.cli("member", "show", MAKER).text)
        self.assertIn(sentence, recycler.cli("member", "list").error)
        verdict = self.verdict(recycler, record)
        self.assertIn("VALID", verdict.text)
        self.assertIn(sentence, verdict.text)
        self.assertTrue(self.log_says(recycler, "key-recovered"))
        notices = recycler.json("member", "show", MAKER)["key_notices"]
        self.assertEqual({notice["origin"] for notice in notices}, {"RECOVERY"})

    def test_a_new_feed_key_is_taken_up_by_running_nodes_on_both_ends(self):
        recycler = self.add_recycler()
        recycler.follow(self.maker, "public")
        self.publish(self.maker)
        wait_for("the first record", lambda: recycler.has_size(self.maker, "public", 1))
        self.register(self.maker, "feed")
        wait_for("the maker to adopt the key", lambda: self.log_says(self.maker, "feed-key-adopted"))
        self.publish(self.maker)
        wait_for("the record under the new key", lambda: recycler.has_size(self.maker, "public", 2))
        checkpoint = self.maker.cli("feed", "checkpoint", MAKER, "public", check=False)
        self.assertEqual(checkpoint.code, 0, checkpoint.error)
        self.maker.stop()
        self.maker.start()
        self.publish(self.maker)
        wait_for("the record after a restart", lambda: recycler.has_size(self.maker, "public", 3))

    def test_a_lost_feed_key_is_replaced_as_a_recovery_alone(self):
        self.wait_for_entry_file(self.maker, "Maker")
        (self.maker.folder / "keys" / "feed.key").rename(self.folder / "lost.key")
        with self.assertRaisesRegex(Failure, "KEY_NOT_HERE"):
            self.maker.run_node_command("rotate-key", "feed")
        (self.folder / "lost.key").rename(self.maker.folder / "keys" / "feed.key")
        request = self.maker.run_node_command("rotate-key", "feed", "--recovery").split("\n")[1]
        told = self.operator.cli("member", "update", request, "--yes", check=False)
        self.assertIn("KEY_RECOVERY", told.error)
        self.operator.cli("member", "update", request, "--yes", "--recovery")
        wait_for("the maker to adopt the key", lambda: self.log_says(self.maker, "feed-key-adopted"))
        self.assertIn("old key's signature", self.maker.cli("member", "show", MAKER).text)

    def test_a_client_that_holds_its_key_makes_the_next_one(self):
        old_key = self.key_in_use(self.maker)
        request = str(self.folder / "request")
        self.maker.cli("key", "rotate", request)
        self.operator.cli("member", "update", request, "--yes")
        wait_for("the new key to be in use", lambda: self.key_in_use(self.maker) != old_key)
        self.publish(self.maker)

    def test_a_new_tls_key_is_certified_and_used_without_a_restart(self):
        certificate = self.maker.folder / "certs" / "node.crt"
        before = certificate.read_bytes()
        key_before = (self.maker.folder / "keys" / "node.key").read_bytes()
        waiting = pathlib.Path(self.maker.run_node_command("rotate-key", "node").split("\n")[0])
        self.assertEqual(waiting.stat().st_mode & 0o777, 0o600)
        wait_for("the new certificate", lambda: certificate.read_bytes() != before, timeout_s=60)
        self.assertNotEqual((self.maker.folder / "keys" / "node.key").read_bytes(), key_before)
        self.assertFalse(waiting.exists())
        recycler = self.add_recycler()
        recycler.follow(self.maker, "public")
        self.publish(self.maker)
        wait_for("a record over the new certificate", lambda: recycler.has_size(self.maker, "public", 1))
        # Should this certificate run out one day, the request is made anew for the new key.
        self.wait_for_entry_file(self.maker, "Maker")
        self.maker.run_node_command("request-certificate")
        answer = str(self.folder / "again")
        self.operator.cli("member", "enrol", str(self.maker.folder / "enrolment-request"), "--again", "--out", answer,
                          "--yes")
        self.maker.run_node_command("join", answer)

    def test_under_a_new_name_the_node_gets_a_new_key_and_the_stolen_one_speaks_for_nobody(self):
        recycler = self.add_recycler()
        self.publish(self.maker)
        self.wait_for_entry_file(self.maker, "Maker")
        stolen = self.folder / "stolen"
        stolen.mkdir()
        for part in ("keys/node.key", "certs/node.crt", "certs/federation-roots.crt"):
            shutil.copy(self.maker.folder / part, stolen)
        self.maker.stop()
        self.maker.run_node_command("request-certificate", "--node-name", "second")
        answer = str(self.folder / "second")
        told = self.operator.cli("member", "enrol", str(self.maker.folder / "enrolment-request"), "--again", "--out",
                                 answer, "--yes")
        self.assertIn("node/second", told.error)
        self.maker.run_node_command("join", answer)
        for path in (self.maker.folder / "node.toml", self.maker.folder / "clients" / "admin" / "client.toml"):
            path.write_text(path.read_text().replace("node/main", "node/second").replace('"main"', '"second"'))
        self.maker.start()
        recycler.follow(self.maker, "public")
        wait_for("the recycler to follow the new name", lambda: recycler.has_size(self.maker, "public", 1))
        identity = f"spiffe://ce.example/member/0188/{MAKER[5:]}/node/main"
        thief = subprocess.run([str(self.programs / "evil-node"), "call", "--target", self.operator.address,
                                "--method", "renew", "--identity", identity,
                                "--roots", str(stolen / "federation-roots.crt"), "--key", str(stolen / "node.key"),
                                "--certificate", str(stolen / "node.crt")], capture_output=True, text=True)
        self.assertIn("NOT_HOSTED_THERE", thief.stdout + thief.stderr)

    # Clients

    def test_a_revoked_client_is_refused_without_a_restart_and_its_name_is_not_given_again(self):
        self.maker.add_client("scanner", "read")
        self.assertEqual(self.maker.cli("record", "list", client="scanner", check=False).code, 0)
        self.maker.run_node_command("client", "revoke", "scanner")
        answer = wait_for("the client to be refused", lambda: next(
            (a for a in [self.maker.cli("record", "list", client="scanner", check=False)] if a.code != 0), None))
        self.assertIn("CLIENT_REVOKED", answer.error)
        self.assertEqual(self.maker.cli("record", "list", check=False).code, 0)
        self.maker.stop()
        self.maker.start()
        self.assertIn("CLIENT_REVOKED", self.maker.cli("record", "list", client="scanner", check=False).error)
        self.assertRegex(self.maker.run_node_command("client", "list"), r"scanner +read +revoked")
        with self.assertRaisesRegex(Exception, "CLIENT_EXISTS"):
            self.maker.add_client("scanner", "read")
        with self.assertRaisesRegex(Exception, "CLIENT_UNKNOWN"):
            self.maker.run_node_command("client", "revoke", "scaner")

    def test_an_open_stream_of_a_client_ends_when_it_is_revoked(self):
        self.operator.add_client("watcher", "read")
        client = self.operator.folder / "clients" / "watcher"
        with subprocess.Popen([str(self.programs / "evil-node"), "call", "--target", self.operator.address,
                               "--method", "hold", "--roots", str(client / "roots.crt"), "--key",
                               str(client / "client.key"), "--certificate", str(client / "client.crt"), "--publisher",
                               OPERATOR, "--feed", "registry"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True) as stream:
            self.assertEqual(stream.stdout.readline(), "open\n")
            self.operator.run_node_command("client", "revoke", "watcher")
            self.assertIn("CLIENT_REVOKED", stream.stdout.read())

    def test_a_revoked_client_cannot_go_on_with_a_stream_on_which_it_publishes(self):
        self.maker.add_client("line-1", "publish")
        record = items_of(self.maker.json("record", "publish", str(DATA / "ev-battery.json")))[0]["record_id"]
        saved = self.folder / "battery.meguri"
        self.maker.cli("record", "get", record, "--save", str(saved))
        client = self.maker.folder / "clients" / "line-1"
        with subprocess.Popen([str(self.programs / "evil-node"), "call", "--target", self.maker.address, "--method",
                               "publish-stream", "--roots", str(client / "roots.crt"), "--key",
                               str(client / "client.key"), "--certificate", str(client / "client.crt"), "--record",
                               str(saved)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True, bufsize=1) as stream:
            stream.stdin.write("\n")
            self.assertEqual(stream.stdout.readline(), "answered\n")
            self.maker.run_node_command("client", "revoke", "line-1")
            wait_for("the node to know", lambda: "revoked-clients-read" in self.maker.log_path.read_text())
            # What it sends now is what was taken before.
            stream.stdin.write("\n")
            self.assertIn("CLIENT_REVOKED", stream.stdout.readline())

    def test_mistyped_names_and_files_are_named(self):
        with self.assertRaisesRegex(Exception, "a-z 0-9 -"):
            self.maker.add_client("Admin", "admin")
        with self.assertRaisesRegex(Exception, "not an enrolment file"):
            self.maker.run_node_command("join", str(self.maker.folder / "enrolment-request"))
        wrong = self.operator.cli("member", "update", MAKER[:-1], "--name-en", "X", "--yes", check=False)
        self.assertEqual(wrong.code, 64)
        self.assertIn("corporate number", wrong.error)
        elsewhere = self.operator.cli("feed", "checkpoint", MAKER, "public", check=False)
        self.assertIn("feed list", elsewhere.error)
        with self.assertRaisesRegex(Exception, "NOT_THE_OPERATOR"):
            self.maker.run_node_command("bundle", "next")

    # Trust bundles

    def generate_key(self, name):
        return self.operator.json("key", "generate", str(self.folder / name))["public_key"]

    def test_a_second_trust_bundle_needs_the_holders_of_both_and_is_adopted_by_everyone(self):
        first = (self.operator.folder / "trust-bundle").read_bytes()
        holder = self.generate_key("holder.key")
        path = self.operator.run_node_command("bundle", "next", "--add-holder", holder, "--threshold", "2").split(
            "\n")[0]
        with self.assertRaisesRegex(Exception, "BUNDLE_SIGNATURE"):
            self.maker.run_node_command("adopt-bundle", path)
        self.operator.run_node_command("bundle", "sign", path, "--key", str(self.folder / "holder.key"))
        self.assertIn("may be adopted", self.operator.run_node_command("bundle", "show", path))
        for member in (self.operator, self.maker):
            member.run_node_command("adopt-bundle", path)
            self.assertEqual((member.folder / "trust-bundle").read_bytes(), pathlib.Path(path).read_bytes())
            with self.assertRaisesRegex(Exception, "BUNDLE_ROLLBACK"):
                member.run_node_command("adopt-bundle", path)
        # The operator's key alone is not enough any more.
        third = self.operator.run_node_command("bundle", "next", "--out", str(self.folder / "third")).split("\n")[0]
        with self.assertRaisesRegex(Exception, "BUNDLE_SIGNATURE"):
            self.maker.run_node_command("adopt-bundle", third)
        for member in (self.operator, self.maker):
            member.stop()
            member.start()
        wait_for("the maker to serve under the new bundle",
                 lambda: self.maker.json("node", "status")["state"] == "serving")
        self.publish(self.maker)
        self.assertNotEqual((self.maker.folder / "clients" / "admin" / "trust-bundle").read_bytes(), first)
        # A client folder that lies elsewhere takes it up by itself, and whoever missed a version gives both.
        elsewhere = self.folder / "elsewhere"
        shutil.copytree(self.maker.folder / "clients" / "admin", elsewhere)
        (elsewhere / "trust-bundle").write_bytes(first)
        self.operator.run_node_command("bundle", "sign", third, "--key", str(self.folder / "holder.key"))
        environment = {"XDG_CONFIG_HOME": str(self.folder / "config")}
        gap = self.maker.cli("init", str(elsewhere), "--trust-bundle", third, check=False, environment=environment)
        self.assertIn("BUNDLE_GAP", gap.error)
        self.maker.cli("init", str(elsewhere), "--trust-bundle", path, "--trust-bundle", third,
                       environment=environment)
        self.assertEqual((elsewhere / "trust-bundle").read_bytes(), pathlib.Path(third).read_bytes())

    # What is easily got wrong

    def test_private_keys_are_for_their_owner_alone_whatever_the_umask(self):
        before = os.umask(0)
        try:
            self.add_recycler()
            self.maker.add_client("loose", "publish")
            self.wait_for_entry_file(self.maker, "Maker")
            self.maker.run_node_command("rotate-key", "record")
            self.maker.run_node_command("rotate-key", "node")
        finally:
            os.umask(before)
        keys = list(self.folder.glob("**/*.key"))
        self.assertGreater(len(keys), 10)
        for key in keys:
            self.assertEqual(key.stat().st_mode & 0o777, 0o600, key)

    def test_init_and_check_config_speak_of_the_flags_that_were_forgotten_or_mistyped(self):
        for flags, flag in (([], "--participant"),
                            (["--participant", MAKER], "--trust-bundle"),
                            (["--trust-bundle", str(self.maker.folder / "trust-bundle"), "--participant", MAKER,
                              "--listen", "0.0.0.0:7443"], "--address"),
                            (["--operator", "--participant", OPERATOR], "--federation"),
                            (["--operator", "--federation", "CE Example", "--participant", OPERATOR], "--federation"),
                            (["--federation", "ce.example", "--participant", MAKER], "--federation"),
                            (["--trust-bundle", str(self.maker.folder / "trust-bundle"), "--participant", MAKER,
                              "--listen", "7443"], "--listen")):
            run = subprocess.run([str(self.programs / "meguri-node"), "init", "--data", str(self.folder / "new"),
                                  "--name-ja", "名", "--name-en", "Name", *flags], capture_output=True, text=True)
            self.assertEqual(run.returncode, 65, run.stderr)
            self.assertIn(flag, run.stderr)
            self.assertFalse((self.folder / "new").exists())
        with self.assertRaisesRegex(Exception, "listen"):
            self.maker.run_node_command("check-config", "--listen", "localhost")
        self.maker.run_node_command("check-config", "--listen", "[::1]:0")


if __name__ == "__main__":
    run()
