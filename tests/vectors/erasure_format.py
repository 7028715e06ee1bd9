# SPDX-License-Identifier: Apache-2.0
"""docs/format/erasure.md: what was asked, acknowledged, and accounted for. Shares no code with the node."""
import pathlib
import time

import trust_format as trust
from audit_format import walk
from record_format import (SCHEMAS, TIME_MAX_MS, check_signature, header_hash, is_participant, key_id, need, parse,
                           schema, sha256, signature_under, varint, verify_envelope, write)

TYPES = {name: f"application/vnd.meguri.erasure-{name}.v1" for name in ("request", "ack", "account")}
FILE_SIZE_MAX, HOLDERS_MAX, RECIPIENTS_MAX, DEADLINE_MAX_MS = 64 << 20, 16384, 256, 3660 * 24 * 3600 * 1000
SIZES_MAX, VERSIONS = {"request": 1024, "ack": 16384, "account": 2 << 20}, {"request": 1, "ack": 2, "account": 1}
FILE_DOMAIN, ERASED, SKEW_MS = b"meguri/erasure-file/v1\x00", 4, 300_000

# Name, type, least and most of a number or a length, how often at most: as in audit_format.
COMMON = {2: ("federation", str, 1, 253, 1), 3: ("publisher", str, 1, 40, 1), 4: ("record_id", bytes, 16, 16, 1),
          5: ("tombstone_hash", bytes, 32, 32, 1)}
HOLDER = {1: ("participant_id", str, 1, 40, 1), 2: ("found_ms", int, 1, TIME_MAX_MS, 1),
          3: ("acknowledgement_hash", bytes, 32, 32, 1), 4: ("has_left", int, 1, 1, 1)}
VERSION_MAX = (1 << 63) - 1
TABLES = {
    "request": {1: ("format_version", int, 1, 1, 1), **COMMON, 6: ("basis", int, 1, 8, 1),
                7: ("time_ms", int, 1, TIME_MAX_MS, 1), 8: ("deadline_ms", int, 1, TIME_MAX_MS, 1)},
    "ack": {1: ("format_version", int, 1, 2, 1), **COMMON, 6: ("holder", str, 1, 40, 1),
            7: ("versions", int, 1, VERSION_MAX, 1), 8: ("newest_version", int, 1, VERSION_MAX, 1),
            9: ("time_ms", int, 1, TIME_MAX_MS, 1), 10: ("onward_recipients", str, 1, 40, RECIPIENTS_MAX),
            11: ("has_more_recipients", int, 1, 1, 1)},
    "account": {1: ("format_version", int, 1, 1, 1), **COMMON, 6: ("request_hash", bytes, 32, 32, 1),
                7: ("time_ms", int, 1, TIME_MAX_MS, 1), 8: ("holders", HOLDER, 0, 4096, HOLDERS_MAX),
                9: ("asks_everyone", int, 1, 1, 1), 10: ("looks_for_holders", int, 1, 1, 1)},
}
REQUIRED = {"request": range(1, 9), "ack": (1, 2, 3, 4, 5, 6, 9), "account": range(1, 8)}

SCHEMAS.update({name: schema(text) for name, text in {
    "signed_erasure": "request:signed_body tombstone:envelope",
    "proven_ack": "acknowledgement:signed_body holder_entry:envelope holder_entry_proof:feed_proof",
    "erasure_answers": "account:signed_body acknowledgements:proven_ack*",
    "erasure_file": "format_version:n publisher_entry:envelope publisher_entry_proof:feed_proof erasure:signed_erasure"
                    " answers:erasure_answers trust_bundle_version:N trust_bundle_hash:b digest:b",
}.items()})


def form(holds, why):
    need(holds, "ERASURE_FORM", why)


def are_others(names, *not_these):
    return (names == sorted(set(names), key=str.encode) and all(map(is_participant, names))
            and not set(names) & set(not_these))


def parse_body(data, kind):
    form(len(data) <= SIZES_MAX[kind], "too long")
    newer = data[:1] == b"\x08" and VERSIONS[kind] < varint(data, 1, "WIRE_GRAMMAR", strict=True)[0] < 1 << 32
    need(not newer, "NEWER_FORMAT", "this statement is of a newer format")
    body = walk(data, TABLES[kind], [TABLES[kind][number][0] for number in REQUIRED[kind]])
    form(is_participant(body["publisher"]), "publisher")
    if kind == "request":
        form(0 < body["deadline_ms"] - body["time_ms"] <= DEADLINE_MAX_MS, "deadline")
    elif kind == "ack":
        count, newest, recipients = body.get("versions", 0), body.get("newest_version", 0), body["onward_recipients"]
        form(is_participant(body["holder"]) and body["holder"] != body["publisher"], "holder")
        form(bool(count) == bool(newest) and count <= newest, "versions")
        form((body["format_version"] == 2) == bool(recipients), "format version")
        form("has_more_recipients" not in body or len(recipients) == RECIPIENTS_MAX, "there is room for more")
        form(are_others(recipients, body["holder"], body["publisher"]), "recipients")
    else:
        for holder in body["holders"]:
            need("found_ms" in holder, "WIRE_GRAMMAR", "a required field is missing")
            form("has_left" not in holder or "acknowledgement_hash" not in holder, "acknowledged, and left without")
        form(are_others([holder["participant_id"] for holder in body["holders"]], body["publisher"]), "holders")
    return body


def names(body):
    return body["federation"], body["publisher"], body["record_id"], body["tombstone_hash"]


def open_statement(statement, kind, owner, purpose, keys, federation, now_ms):
    """The body, signed once by a key of `owner` that is in force now and was when it says that it was signed."""
    need(statement and len(statement["signatures"]) == 1, "SIGNATURE_MISSING", "not one signature")
    body = parse_body(statement["body"], kind)
    need(body["federation"] == federation, "ERASURE_FEDERATION", "another federation")
    wanted = statement["signatures"][0]["key_id"]
    found = [key for key in keys if key_id(federation, owner, key["public_key"]) == wanted]
    need(found, "UNKNOWN_KEY", f"no key of {owner}")
    need(found[0]["purpose"] == purpose, "WRONG_KEY", "a key for something else")
    signature, covered = signature_under(statement, TYPES[kind], wanted)
    check_signature(found[0]["public_key"], covered, signature)
    need(body["time_ms"] <= now_ms + SKEW_MS, "ERASURE_TIME", "signed in the future")
    need(trust.is_usable(found[0], body["time_ms"]) and trust.is_usable(found[0], now_ms), "KEY_NOT_USABLE", "ended")
    return body


def verify_file(data, bundle, now_ms):
    """Returns what was asked, what the publisher says, and the acknowledgements by holder; or refuses."""
    need(len(data) <= FILE_SIZE_MAX, "ERASURE_FILE", "too large")
    file = parse(data, "erasure_file", "ERASURE_FILE", closed=True)
    digest = sha256(FILE_DOMAIN, write({**file, "digest": b""}, "erasure_file"))
    need(file["format_version"] == 1 and write(file, "erasure_file") == data and file["digest"] == digest,
         "ERASURE_FILE", "changed, damaged, or of another format")
    need(file["trust_bundle_version"] and len(file["trust_bundle_hash"]) == 32, "ERASURE_FILE", "trust bundle")
    need(file["trust_bundle_version"] != bundle["version"] or file["trust_bundle_hash"] == bundle["body_hash"],
         "OTHER_TRUST_BUNDLE", "made with another bundle of this version")
    need(file["erasure"] and file["erasure"]["tombstone"] and file["answers"], "ERASURE_FILE", "a part is missing")
    federation, is_strict = bundle["federation"], file["trust_bundle_version"] == bundle["version"]
    entry, keys = trust.open_member(file["publisher_entry"], file["publisher_entry_proof"], bundle, now_ms, is_strict)
    owner, tombstone = entry["participant_id"], file["erasure"]["tombstone"]
    request = open_statement(file["erasure"]["request"], "request", owner, trust.RECORD_KEY, keys, federation, now_ms)
    header = verify_envelope(tombstone, trust.find_among(keys, bundle, owner, now_ms))
    need(not tombstone["sections"] and header.get("tombstone", {}).get("reason") == ERASED and header["record_type"] != 16
         and names(request) == (federation, owner, header["record_id"], header_hash(tombstone["header"])),
         "ERASURE_TOMBSTONE", "not the tombstone of the request")
    answers = file["answers"]
    account = open_statement(answers["account"], "account", owner, trust.RECORD_KEY, keys, federation, now_ms)
    need(names(account) == names(request) and account["request_hash"] == sha256(file["erasure"]["request"]["body"]),
         "ERASURE_OTHER", "of another request")
    asked = [holder for holder in account["holders"] if "acknowledgement_hash" in holder]
    need(len(asked) == len(answers["acknowledgements"]), "ERASURE_FILE", "one missing, or one too many")
    acks = {}
    for holder, proven in zip(asked, answers["acknowledgements"]):
        need(proven["acknowledgement"] and sha256(proven["acknowledgement"]["body"]) == holder["acknowledgement_hash"],
             "ERASURE_FILE", "another acknowledgement than the publisher speaks of")
        member, its_keys = trust.open_member(proven["holder_entry"], proven["holder_entry_proof"], bundle, now_ms, is_strict)
        who = member["participant_id"]
        ack = open_statement(proven["acknowledgement"], "ack", who, trust.FEED_KEY, trust.present_keys(its_keys),
                             federation, now_ms)
        need(who == ack["holder"] == holder["participant_id"] and names(ack) == names(request), "ERASURE_OTHER", "of another")
        acks[who] = ack
    return request, account, acks


def command(options):
    now_ms = time.time_ns() // 1_000_000
    bundle, _ = trust.open_bundle(pathlib.Path(options.trust_bundle).read_bytes(), now_ms)
    request, account, acks = verify_file(pathlib.Path(options.file).read_bytes(), bundle, now_ms)
    print(f"record        {request['record_id'].hex()} of {request['publisher']}, basis {request['basis']}")
    for holder in account["holders"]:
        ack = acks.get(holder["participant_id"])
        print(f"holder        {holder['participant_id']}: "
              + (f"erased {ack.get('versions', 0)} versions" if ack else "has not acknowledged"))
    print("Verified.")


def check(t, vectors):
    """The golden statements, and accounts that are refused."""
    def key(who, purpose):
        return [{"public_key": vectors[who], "purpose": purpose, "not_before_ms": 0, "not_after_ms": 0, "revoked_ms": 0}]
    bodies = {}
    for kind, name, owner, spki, purpose in (
            ("request", "request", "publisher", "publisher_record_spki", trust.RECORD_KEY),
            ("ack", "acknowledgement", "holder", "holder_feed_spki", trust.FEED_KEY),
            ("account", "account", "publisher", "publisher_record_spki", trust.RECORD_KEY)):
        statement = parse(vectors[name], "signed_body", "BODY", closed=True)
        bodies[kind] = statement["body"], t.accepts(name, open_statement, statement, kind, vectors[owner], purpose,
                                                    key(spki, purpose), vectors["federation"], TIME_MAX_MS)
    body, account = bodies["account"]
    t.check(body == vectors["account_body"] and names(account) == names(bodies["request"][1]), "account")
    t.check(account["request_hash"] == sha256(bodies["request"][0]), "request of the account")
    t.check([holder.get("acknowledgement_hash") for holder in account["holders"]] == [None, sha256(bodies["ack"][0]), None],
            "acknowledgements of the account")
    for item in vectors["refused"]:
        t.refuses(item["name"], item["reason"], parse_body, item["account"], "account")
