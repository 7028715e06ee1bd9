#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The story of Meguri, told by four real nodes: deploy/demo runs it, and it fails if any of its checks does."""
import argparse
import pathlib
import signal
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import hostile  # noqa: E402
from federation import Failure, Federation, items_of, wait_for  # noqa: E402

DATA = pathlib.Path(__file__).resolve().parent / "demo-data"

OPERATOR = "0188:8000020130001"
SUPPLIER = "0188:4011001098993"
MAKER = "0188:7123456789012"
RECYCLER = "0188:4000012090001"
LIAR = "0088:4912345999993"
STRANGER = "0088:4900000000009"

# What a hostile publisher tries on the supplier, and the reason with which each attempt must be refused.
# tests/integration/hostile_test.py knows many more.
LIES = (
    ("tampered-section", "SECTION_DIGEST", "one bit of a section is changed"),
    ("changed-slot", "SECTION_DIGEST", "a section claims another slot"),
    ("slot-not-in-entry", "SLOT_NOT_IN_ENTRY", "a section comes that its feed entry does not open"),
    ("changed-audiences", "SECTION_DIGEST", "a section claims other audiences"),
    ("index-beyond-size", "BATCH_INDEX", "a leaf beyond the signed batch"),
    ("size-without-path", "BATCH_PATH", "a batch of another size"),
    ("wrong-key", "UNKNOWN_KEY", "another member's key"),
    ("forked-growth", "CONSISTENCY_PROOF", "more entries that do not extend the feed as it was"),
    ("rolled-back", "ROLLBACK", "a signed head that is smaller than the one before"),
    ("forked", "FORK", "two signed heads of one size"),
)

WASHING_MACHINE_HIDDEN = ("composition", "dismantling", "owner_note")


class Story:
    """Says what happens, and counts what was checked."""

    def __init__(self):
        self.checks = 0
        self.begin = time.monotonic()

    def say(self, text=""):
        print(text, flush=True)

    def chapter(self, text):
        self.say(f"\n[{time.monotonic() - self.begin:5.1f} s] {text}")

    def check(self, holds, text):
        if not holds:
            raise Failure(f"this does not hold: {text}")
        self.checks += 1
        self.say(f"  ✓ {text}")


def sections_of(view):
    return view["envelope"]["sections"]


def publish(member, name):
    return items_of(member.json("record", "publish", str(DATA / name)))[0]["record_id"]


def found(member, filter_text):
    return {view["envelope"]["record_id"] for view in items_of(member.json("record", "list", "--filter", filter_text,
                                                                           "--all"))}


def start(story, federation):
    story.chapter("An operator starts the federation, and three members join it.")
    operator = federation.start_operator(OPERATOR, "巡り運営事務局", "Meguri Operator")
    story.say(f"  operator  {operator.participant}  on {operator.address}")
    supplier = federation.add_member("supplier", SUPPLIER, "あおば化学", "Aoba Chemicals", "--role", "material-maker",
                                     "--gs1-prefix", "4598765")
    maker = federation.add_member("maker", MAKER, "ほしモビリティ", "Hoshi Mobility", "--role", "manufacturer",
                                  "--gs1-prefix", "4912345", "--link-domain", "id.example.jp")
    recycler = federation.add_member("recycler", RECYCLER, "みどりリサイクル", "Midori Recycling", "--kind",
                                     "company-sme", "--role", "recycler:battery", "--permit",
                                     "産廃処分|01320000001|13")
    for member in (supplier, maker, recycler):
        story.say(f"  {member.name:9s} {member.participant}  on {member.address}")
    names = {m["participant_id"] for m in items_of(recycler.json("member", "list"))}
    story.check(names == {OPERATOR, SUPPLIER, MAKER, RECYCLER},
                "the recycler's node knows all four members from the operator's signed registry")
    return supplier, maker, recycler


def publish_all(story, supplier, maker):
    story.chapter("The supplier publishes two materials, the maker a battery and a washing machine.")
    records = {
        "pp": publish(supplier, "recycled-pp-lot.json"),
        "cathode": publish(supplier, "cathode-nmc811-lot.json"),
        "battery": publish(maker, "ev-battery.json"),
        "washer": publish(maker, "washing-machine.json"),
    }
    for name, record_id in records.items():
        story.say(f"  {name:8s} record {record_id}")
    own = items_of(maker.json("record", "list"))
    story.check(len(own) == 2, "the maker finds its two passports")
    refused = maker.cli("record", "publish", str(DATA / "bad-battery.json"), check=False)
    story.check(refused.code == 65, "a passport with wrong values is refused, and says what to mend:")
    for line in [line for line in refused.error.splitlines() if line.strip()][:4]:
        story.say(f"      {line.strip()[:150]}")
    story.check(len(items_of(maker.json("record", "list"))) == 2, "and nothing of it was stored")
    return records


def follow_all(story, supplier, maker, recycler):
    story.chapter("The recycler follows the maker's and the supplier's feeds, and verifies every byte.")
    recycler.follow(maker, "public", "recyclers/battery")
    recycler.follow(supplier, "public")
    recycler.wait_until_live(maker, "public", "recyclers/battery")
    recycler.wait_until_live(supplier, "public")
    wait_for("the recycler to hold the maker's records", lambda: recycler.has_size(maker, "public", 2)
             and recycler.has_size(maker, "recyclers/battery", 1) and recycler.has_size(supplier, "public", 2))
    story.check(True, "signatures, digests and tree proofs of all batches hold")
    recycler.follow(maker, "recyclers/washing-machine")
    wait_for("the maker's node to refuse a feed", lambda: any(
        follow.get("last_error_reason") == "FEED_NOT_READABLE" for follow in recycler.follows()))
    story.check(not recycler.has_size(maker, "recyclers/washing-machine", 1),
                "the feed for recyclers of washing machines is not open to it")
    recycler.cli("feed", "unfollow", maker.participant, "recyclers/washing-machine")
    recycler.wait_until_live(maker, "public", "recyclers/battery")


def trade(story, supplier, maker, recycler, records):
    story.chapter("The maker looks for recycled plastic near Nagoya, and asks the supplier for five tonnes of it.")
    maker.follow(supplier, "public")
    wait_for("the maker to hold the supplier's catalogue", lambda: maker.has_size(supplier, "public", 2))
    wanted = ('record_type = "material_passport" AND material = "PP" AND recycled_fraction >= 0.7 '
              'AND available_mass_kg >= 5000 AND region IN ("chubu", "24") AND data_quality_level >= 2')
    story.check(found(maker, wanted) == {records["pp"]}, "of the catalogue it finds the lot that fits")
    story.check(found(maker, wanted.replace("5000", "12001")) == set(), "and nothing if it wants more than there is")
    maker.cli("enquiry", "send", "--about", records["pp"], "--mass", "5000", "--region", "23", "--contact", "Purchasing",
              "--email", "purchasing@maker.example")
    wait_for("the enquiry", lambda: supplier.json("enquiry", "list", "--received")["enquiries"])
    enquiry = supplier.json("enquiry", "list", "--received")["enquiries"][0]["enquiry"]["envelope"]
    story.check(enquiry["publisher"] == MAKER, "the supplier, which follows nobody, has the signed enquiry")
    supplier.cli("enquiry", "answer", enquiry["record_id"], "offer", "--mass", "5000", "--price", "118.5", "--per", "kg")
    answer = wait_for("the answer", lambda: maker.json("enquiry", "show", enquiry["record_id"])["answers"])[0]
    price = sections_of(answer)["enquiry_answer"]["price"]
    story.check((price["amount"], price["currency"]) == ("118.5", "JPY"), "the maker has the offer: 118.5 JPY/kg")
    story.check(found(recycler, "record_type IN (enquiry, enquiry_answer)") == set(),
                "the recycler, which follows both, sees neither")


def read_offline(story, maker, recycler, records):
    story.chapter("The maker's node is switched off. The recycler scans a battery.")
    scanned = sections_of(maker.json("record", "get", records["battery"]))["identity"]
    maker.stop()
    story.check(not maker.is_running(), "the maker's node is down")
    answer = recycler.json("record", "resolve", f"{scanned['gtin']}/{scanned['serial']}" if scanned.get("serial")
                           else scanned["gtin"])
    views = answer["records"]
    story.check([view["envelope"]["record_id"] for view in views] == [records["battery"]],
                "GTIN and serial lead to the battery's passport in the recycler's own copy")
    sections = sections_of(views[0])
    story.check({"identity", "dismantling", "composition", "recycled_content"} <= set(sections),
                "it reads identity, composition, recycled content and dismantling")
    story.check("owner_note" not in sections, "and not the maker's own note")
    for step in sections["dismantling"]["steps"][:4]:
        tools = ", ".join(str(tool.get("name", {}).get("en", "") if isinstance(tool.get("name"), dict)
                              else tool.get("name", "")) for tool in step.get("tools", []))
        story.say(f"      step {step['sequence'] if 'sequence' in step else step.get('seq')}: {tools}")
    story.check(answer.get("publisher", {}).get("participant_id") == MAKER,
                "the GTIN's prefix names the maker in the registry")
    print_sheet(story, recycler, scanned)


def print_sheet(story, recycler, scanned):
    sheets = recycler.folder / "sheets"
    sheets.mkdir()
    worklist = recycler.folder / "worklist.txt"
    worklist.write_text(f"{scanned['gtin']}/{scanned['serial']}\n", encoding="utf-8")
    cards = recycler.json("dismantle", "--from", str(worklist), "--html", str(sheets))["cards"]
    written = [path.read_text(encoding="utf-8") for path in sheets.iterdir()]
    story.check(len(cards) == 1 and len(written) == 1 and written[0].index("Electricity") < written[0].index("Service plug"),
                f"a sheet for the bench, hazards first, {cards[0]['total_time_s'] // 60} minutes of work")
    watched = items_of(recycler.json("substance", "watch", "7440-48-4", "--above", "0.05", "--all"))
    story.check([row["publisher"] for row in watched] == [MAKER], "it can ask which products hold more than 5 % of cobalt")


def read_hidden(story, recycler, records):
    story.chapter("The same recycler asks for the washing machine, which is not in its group.")
    view = recycler.json("record", "get", records["washer"])
    story.check(set(sections_of(view)) == {"identity", "recycled_content"}, "it sees the public part")
    text = str(view)
    story.check(not any(name in text for name in WASHING_MACHINE_HIDDEN), "and no word of another section")
    story.check(records["washer"] not in found(recycler, 'material = "ABS"')
                and records["washer"] not in found(recycler, 'material = "PP"'),
                "a search for its materials does not find it")
    story.check(found(recycler, 'product_group = "washing-machine"') == {records["washer"]},
                "a search for its product group does: that is public")
    history = items_of(recycler.json("record", "history", records["washer"]))
    story.check(len(history) == 1, "its history shows the one version that is public")


def verify_file(story, federation, recycler, records):
    story.chapter("The recycler saves the battery's passport with its proofs; anyone with the trust bundle can check it.")
    # Beside the build: it stays when the federation is gone.
    left = federation.bin.parent.parent / "demo"
    left.mkdir(exist_ok=True)
    saved, bundle = left / "battery.meguri", left / "trust-bundle"
    bundle.write_bytes((recycler.folder / "trust-bundle").read_bytes())
    recycler.cli("record", "export", records["battery"], "--bundle", "--out", str(saved), "--force")
    answer = recycler.json("verify", str(saved), "--trust-bundle", str(bundle))
    story.check(answer["verdict"] == "VALID", f"{saved.name} is genuine ({saved.stat().st_size} bytes, no network needed)")
    feeds = ", ".join(f"{proof['feed']} ({proof['index'] + 1} of {proof['size']})" for proof in answer["feeds"])
    story.check(feeds, f"feeds of its publisher name it: {feeds}")
    changed = bytearray(saved.read_bytes())
    changed[len(changed) // 2] ^= 1
    tampered = federation.folder / "tampered.meguri"
    tampered.write_bytes(bytes(changed))
    story.check(recycler.cli("verify", str(tampered), "--trust-bundle", str(bundle), check=False).code == 1,
                "with one bit changed it is refused")
    return f"{federation.bin / 'meguri'} verify {saved} --trust-bundle {bundle}"


def correct_and_withdraw(story, maker, recycler, records):
    story.chapter("The maker comes back and withdraws the washing machine.")
    maker.start()
    maker.cli("record", "withdraw", records["washer"])
    wait_for("the withdrawal to reach the recycler", lambda: recycler.has_size(maker, "public", 3))
    story.check(found(recycler, 'product_group = "washing-machine"') == set(), "the recycler no longer finds it")
    reader = maker.json("access", "explain", records["battery"], "--reader", RECYCLER)
    allowed = {row["section_type"] for row in reader["sections"] if row.get("allowed")}
    story.check(len(allowed) == 4, "`access explain` tells the maker which sections the recycler reads, and why")


def grant_and_revoke(story, supplier, maker, records):
    story.chapter("The maker offers its partners the composition of its batteries, and the supplier asks for it.")
    supplier.follow(maker, "public", "members")
    offer = items_of(maker.json("offer", "publish", "--title", "電池の組成", "--group", "battery", "--purpose",
                                "recycling"))[0]["record_id"]
    wait_for("the offer", lambda: supplier.json("offer", "list").get("offers"))
    story.check("composition" not in sections_of(supplier.json("record", "get", records["battery"])),
                "the supplier has the offer, and no composition yet")
    supplier.cli("access", "request", offer)
    asked = wait_for("the request", lambda: maker.json("access", "requests", "--waiting").get("requests"))[0]
    granted = items_of(maker.json("access", "approve", asked["record_id"]))[0]["record_id"]
    wait_for("the grant", lambda: supplier.json("access", "grants").get("grants"))
    supplier.cli("access", "agree", granted, "--yes")
    wait_for("the composition", lambda: "composition" in sections_of(supplier.json("record", "get", records["battery"])))
    story.check(True, "asked, approved, agreed, each with a signature: it reads the composition")
    rows = items_of(maker.json("audit", "list", "--reader", SUPPLIER, "--record", records["battery"], "--decision",
                               "delivered"))
    story.check(rows and rows[0]["feed"]["name"] == f"offer/{offer}",
                "the maker's audit feed says to whom it went, proven to a signed head")
    maker.cli("access", "revoke", granted)
    wait_for("the supplier to follow it no more", lambda: not any(
        follow["feed"] == f"offer/{offer}" for follow in supplier.follows()))
    explained = maker.json("access", "explain", records["battery"], "--reader", SUPPLIER)
    rule = next(row["rule"] for row in explained["sections"] if row["section_type"] == "composition")
    story.check(rule == "deny-grant-revoked", f"revoked, nothing more is delivered: {rule}")


def erase(story, supplier, maker, recycler, records):
    story.chapter("The supplier erases its cathode lot, and asks everyone who holds it to do the same.")
    supplier.cli("record", "withdraw", records["cathode"], "--erase", "--yes", "--basis", "trade-secret")

    def answers():
        holders = supplier.json("erasure", "show", records["cathode"])["holders"]
        return {holder["participant_id"]: holder for holder in holders}
    wait_for("the holders to answer", lambda: all(
        answers().get(member.participant, {}).get("state") == "HOLDER_STATE_DONE" for member in (maker, recycler)))
    story.check(True, "the maker and the recycler have signed that it is erased")
    story.check(not sections_of(recycler.json("record", "get", records["cathode"])),
                "of its sections nothing is left at the recycler's; that it was there stays provable")


def suspend(story, federation, maker, recycler):
    story.chapter("The operator suspends the recycler.")
    began = time.monotonic()
    federation.operator.cli("member", "suspend", RECYCLER)
    wait_for("the recycler's streams to be cut", lambda: any(
        f.get("last_error_reason") == "MEMBER_SUSPENDED" for f in recycler.follows()
        if f["publisher"] == maker.participant))
    story.check(True, f"the maker's node cut its streams {time.monotonic() - began:.1f} s after the command began")
    federation.operator.cli("member", "activate", RECYCLER)
    recycler.wait_until_live(maker, "public", "recyclers/battery")
    story.check(True, "reactivated, it follows again by itself")


def lie(story, federation, supplier):
    story.chapter("A fifth member turns hostile: its node is a program that lies, with genuine keys.")
    liar = federation.init_member("liar", LIAR, "うそつき", "Liar", "--role", "manufacturer")
    federation.enrol(liar)
    wait_for("the supplier to know the new member",
             lambda: supplier.cli("member", "show", LIAR, check=False).code == 0)

    def attempt(attack, feed, expected):
        def find():
            return next((f for f in supplier.follows() if f["publisher"] == LIAR and expected(f)), None)

        with hostile.EvilNode(federation, liar, attack):
            supplier.follow(liar, feed)
            try:
                return wait_for(f"{attack} to end as it must", find)
            finally:
                supplier.cli("feed", "unfollow", LIAR)

    honest = int(attempt("honest", "public", lambda f: f["state"].endswith("_LIVE") and int(f.get("size", 0)) > 0)["size"])
    for attack, reason, what in LIES:
        follow = attempt(attack, "public", lambda f, reason=reason: f.get("last_error_reason") == reason)
        story.check(int(follow["size"]) == honest, f"{what}: {reason}")
    attempt("honest", "members", lambda f: f["state"].endswith("_LIVE") and int(f.get("size", 0)) > 0)
    attempt("two-headers", "members", lambda f: f.get("last_error_reason") == "TWO_HEADERS")
    frozen = [view for view in items_of(supplier.json("record", "list", "--all")) if view.get("frozen")]
    story.check(bool(frozen), "two headers for one version: TWO_HEADERS, the record is frozen and both are kept")
    story.check(supplier.is_running(), "the supplier's node took none of it, and runs on")
    return liar


def knock(story, federation, supplier, liar):
    story.chapter("Others knock at the supplier's node.")
    genuine = hostile.node_credentials(liar)
    story.check(hostile.handshake(federation, genuine, supplier, "1.3") == "OK", "TLS 1.3 with a genuine certificate: heard")
    story.check(hostile.handshake(federation, genuine, supplier, "1.2") != "OK", "TLS 1.2 with the same certificate: hung up on")
    story.check(hostile.call(federation, (), supplier, "follow", "--feed", "public") == hostile.NO_CONNECTION,
                "without a certificate: hung up on")
    unregistered = hostile.forge(federation, "unregistered", *hostile.authority_of(federation.operator, "federation-ca"),
                                 "--identity", hostile.node_uri(STRANGER, federation=federation.name))
    answer = hostile.call(federation, unregistered, supplier, "follow", "--feed", "public")
    story.check(answer == "NODE_NOT_REGISTERED", f"a certified node of nobody in the registry: {answer}")
    answer = hostile.call(federation, genuine, supplier, "follow", "--feed", "owner")
    story.check(answer == "FEED_NOT_READABLE", f"a member that asks for the supplier's own feed: {answer}")
    federation.operator.cli("member", "suspend", LIAR)
    wait_for("the suspension", lambda: hostile.call(federation, genuine, supplier, "follow", "--feed", "public")
             == "MEMBER_SUSPENDED")
    story.check(True, "the liar, once the operator has suspended it: MEMBER_SUSPENDED")


def tell(story, federation):
    supplier, maker, recycler = start(story, federation)
    records = publish_all(story, supplier, maker)
    follow_all(story, supplier, maker, recycler)
    trade(story, supplier, maker, recycler, records)
    read_offline(story, maker, recycler, records)
    read_hidden(story, recycler, records)
    verification = verify_file(story, federation, recycler, records)
    correct_and_withdraw(story, maker, recycler, records)
    grant_and_revoke(story, supplier, maker, records)
    erase(story, supplier, maker, recycler, records)
    suspend(story, federation, maker, recycler)
    liar = lie(story, federation, supplier)
    knock(story, federation, supplier, liar)
    return verification


def stay(story, federation):
    story.say("\nThe federation is running. Try, for example:")
    home = federation.members["recycler"].folder / "clients" / "admin"
    story.say(f"  {federation.bin / 'meguri'} --home {home} record list")
    story.say(f"  {federation.bin / 'meguri'} --home {home} feed list")
    story.say("Ctrl-C ends it.")
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    stopped.wait()


def main():
    parser = argparse.ArgumentParser(prog="deploy/demo", description="Runs a federation of four nodes and tells its story.")
    parser.add_argument("--once", action="store_true", help="end after the story")
    parser.add_argument("--keep", metavar="DIR", help="keep the data in this folder")
    parser.add_argument("--bin", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    story = Story()
    with tempfile.TemporaryDirectory(prefix="meguri-demo-") as temporary:
        folder = pathlib.Path(options.keep) if options.keep else pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            print(f"deploy/demo: {folder} is not empty; give --keep an empty folder.", file=sys.stderr)
            return 64
        federation = Federation(options.bin, folder.resolve())
        try:
            verification = tell(story, federation)
            story.say(f"\n{story.checks} checks, all held, in {time.monotonic() - story.begin:.1f} s.")
            story.say(f"The battery's passport stays behind, with its proofs; no node is needed to check it:\n  {verification}")
            if not options.once:
                stay(story, federation)
            return 0
        except Failure as failure:
            story.say(f"  ✗ {failure}")
            for member in federation.members.values():
                story.say(f"--- end of {member.name}'s log")
                if member.log_path.exists():
                    story.say("".join(member.log_path.read_text(errors="replace").splitlines(True)[-8:]))
            return 1
        finally:
            federation.stop()


if __name__ == "__main__":
    sys.exit(main())
