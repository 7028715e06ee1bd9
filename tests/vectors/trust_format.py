# SPDX-License-Identifier: Apache-2.0
"""docs/format/trust.md: trust bundle and member entry; and the record files of record.md that rest on them."""
import ipaddress
import re
import unicodedata

from cryptography import x509
from cryptography.hazmat.primitives import serialization

import feed_format as feeds
import heads_format as heads
import receipt_format as receipts
from record_format import (P256_PREFIX, SCHEMAS, TIME_MAX_MS, Refused, check_signature, header_hash, is_participant,
                           key_id, load_key, need, pae, parse, schema, sha256, signature_under, verify_envelope, write)

BUNDLE_SIZE_MAX, ENTRY_SIZE_MAX, CERTIFICATE_SIZE_MAX, SIGNATURES_MAX = 262144, 65536, 16384, 64
RECORD_KEY, FEED_KEY, BUNDLE_KEY = 1, 2, 3
RECYCLER, AUTHORITY = 9, 11
MEMBER_RECORD, MEMBER_SECTION, FILE_SIZE_MAX, PROOFS_MAX = 16, 32, 40 << 20, 64
FILE_DOMAIN = b"meguri/record-file/v2\x00"
BUNDLE_TYPE = "application/vnd.meguri.trust-bundle.v1"
NEXT_KEY_TYPE = b"application/vnd.meguri.next-key.v1"
FIRST, ENDORSED, RECOVERY = 1, 2, 3
BASE_DOMAIN = b"meguri/feed-base/v1\x00"
OPEN_FEEDS = {"public", "members"}
KEY_GROUPS = {"registry_record_keys": (RECORD_KEY, 1), "registry_feed_keys": (FEED_KEY, 1),
              "bundle_keys": (BUNDLE_KEY, 1), "witness_keys": (FEED_KEY, 0)}
UNSEEN = {"\u00ad", "\ufeff", *map(chr, [*range(0x200b, 0x2010), *range(0x2028, 0x202f), *range(0x2060, 0x2070)])}
SPACES = " \u00a0\u3000" + "".join(map(chr, range(0x2000, 0x200b)))
STATUS = {1: "active", 2: "suspended", 3: "left"}

SCHEMAS.update({name: schema(text) for name, text in {
    "key": "purpose:n algorithm:n public_key:b not_before_ms:N not_after_ms:N revoked_ms:N origin:n"
           " endorsement:endorsement base:base",
    "endorsement": "key_id:b signature:b",
    "base": "heads:base_head* others:b signature:b",
    "base_head": "feed:s epoch:N size:N root:b",
    "name": "ja:s en:s kana:s",
    "role": "kind:n scopes:s* permit:permit",
    "permit": "type:s number:s issuer:s not_after_ms:N",
    "hosting": "node_identity:s addresses:s*",
    "entry": "participant_id:s name:name kind:n status:n roles:role* hosting:hosting keys:key* gs1_company_prefixes:s*"
             " link_domains:s* id_name_spaces:s*",
    "bundle": "format_version:n version:N federation:s expires_ms:N operator_id:s registry_origin:s"
              " registry_record_keys:key* registry_feed_keys:key* tls_roots:b* bundle_keys:key* bundle_threshold:n"
              " witness_keys:key* witness_quorum:n registry_size_min:N registry_root_min:b operator_addresses:s*"
              " witnesses:s*",
}.items()})


def is_domain(text):
    label = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
    return bool(len(text) <= 253 and re.fullmatch(rf"({label}\.)*{label}", text)
                and not text.rpartition(".")[2].isdigit())


def check_member_key(key, purposes, reason):
    load_key(key["public_key"])
    algorithm = 2 if key["public_key"].startswith(P256_PREFIX) else 1
    need(key["purpose"] in purposes and key["algorithm"] == algorithm, reason, "purpose or algorithm of a key")
    need(key["purpose"] != FEED_KEY or algorithm == 1, reason, "a feed key is Ed25519")
    need(max(key["not_before_ms"], key["not_after_ms"], key["revoked_ms"]) <= TIME_MAX_MS, reason, "a key's times")
    need(not key["not_after_ms"] or key["not_after_ms"] > key["not_before_ms"], reason, "a key's times")


def is_usable(key, time_ms):
    ends = [end for end in (key["revoked_ms"], key["not_after_ms"]) if end]
    return key["not_before_ms"] <= time_ms and all(time_ms < end for end in ends)




def is_address(text):
    host, _, port = text.rpartition(":")
    if not re.fullmatch("[1-9][0-9]{0,4}", port) or int(port) > 65535:
        return False
    try:
        literal = ipaddress.ip_address(host[1:-1] if host[:1] + host[-1:] == "[]" else host)
        return (literal.version == 6) == (host[:1] == "[") and "%" not in host
    except ValueError:
        return is_domain(host.lower())


def check_root_certificate(der):
    """The trust bundle holds only certificates of authorities: trust.md §8, accepting, rule 1."""
    understood = (x509.BasicConstraints, x509.KeyUsage)
    try:
        certificate = x509.load_der_x509_certificate(der)
        extensions = certificate.extensions
        spki = certificate.public_key().public_bytes(serialization.Encoding.DER,
                                                     serialization.PublicFormat.SubjectPublicKeyInfo)
        is_authority = (extensions.get_extension_for_class(x509.BasicConstraints).value.ca
                        and extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign)
    except Exception as error:  # the library has many of them for bytes that are no certificate
        raise Refused("BUNDLE_FORM", "a TLS root is no certificate of an authority") from error
    form(is_authority and len(der) <= CERTIFICATE_SIZE_MAX, "a TLS root is no authority, or too large")
    form(all(isinstance(e.value, understood) for e in extensions if e.critical), "critical extension not understood")
    load_key(spki)


def form(holds, why):
    need(holds, "BUNDLE_FORM", why)


def pinned_keys(bundle):
    return [key["public_key"] for name in KEY_GROUPS for key in bundle[name]]


def check_bundle_form(bundle):
    federation, operator = bundle["federation"], bundle["operator_id"]
    form(bundle["format_version"] == 1 and bundle["version"] >= 1, "format version or version")
    form(is_domain(federation) and is_participant(operator), "federation or operator")
    form(bundle["expires_ms"], "no time of expiry")
    prefix = f"{federation}/meguri/{operator.replace(':', '/')}/"
    match = re.fullmatch(re.escape(prefix) + "([1-9][0-9]{0,19})/registry", bundle["registry_origin"])
    form(match and int(match[1]) < 1 << 64, "registry origin")
    for name, (purpose, least) in KEY_GROUPS.items():
        form(least <= len(bundle[name]) <= 16, f"number of {name}")
        for key in bundle[name]:
            check_member_key(key, (purpose,), "BUNDLE_FORM")
    keys = pinned_keys(bundle)
    form(len(keys) == len(set(keys)), "a public key stands twice")
    form(not any(key["not_before_ms"] or key["not_after_ms"] or key["revoked_ms"] for key in bundle["bundle_keys"]),
         "a bundle key has times")
    form(not any(key["origin"] or key["endorsement"] or key["base"] for name in KEY_GROUPS for key in bundle[name]), "origin of a key")
    form(not bundle["registry_feed_keys"][0]["revoked_ms"], "the feed key in force is revoked")
    form(1 <= bundle["bundle_threshold"] <= len(bundle["bundle_keys"]), "threshold")
    form(len(bundle["witnesses"]) == len(bundle["witness_keys"]) <= 15 and all(map(is_participant, bundle["witnesses"])),
         "witnesses")
    members = {who for who, key in zip(bundle["witnesses"], bundle["witness_keys"]) if not key["revoked_ms"]}
    form(bool(members) <= bundle["witness_quorum"] <= len(members), "witness quorum")
    form(1 <= len(bundle["tls_roots"]) <= 16, "number of TLS roots")
    for der in bundle["tls_roots"]:
        check_root_certificate(der)
    form(len(bundle["registry_root_min"]) == (32 if bundle["registry_size_min"] else 0), "registry_root_min")
    form(len(bundle["operator_addresses"]) <= 8 and all(map(is_address, bundle["operator_addresses"])), "addresses")


def open_bundle(data, now_ms):
    """A first bundle, trusted because of where it came from (§4 without step 3), and how many signatures hold."""
    form(len(data) <= BUNDLE_SIZE_MAX, "too large")
    signed = parse(data, "signed_body", "BUNDLE_FORM", closed=True)
    form(signed["payload_type"] == BUNDLE_TYPE and len(signed["signatures"]) <= SIGNATURES_MAX, "type or signatures")
    bundle = parse(signed["body"], "bundle", "BUNDLE_FORM", closed=True)
    check_bundle_form(bundle)
    valid = 0
    for key in bundle["bundle_keys"]:
        wanted = key_id(bundle["federation"], bundle["operator_id"], key["public_key"])
        try:
            signature, covered = signature_under(signed, BUNDLE_TYPE, wanted)
            check_signature(key["public_key"], covered, signature)
            valid += 1
        except Refused:
            continue
    need(valid >= bundle["bundle_threshold"], "BUNDLE_SIGNATURE", f"{valid} valid signatures are too few")
    need(now_ms < bundle["expires_ms"], "BUNDLE_EXPIRED", "this bundle has expired; get a newer one from the operator")
    return {**bundle, "body_hash": sha256(signed["body"])}, valid


def entry_form(holds, why):
    need(holds, "ENTRY_FORM", why)


def check_text(text, size_max):
    entry_form(len(text.encode()) <= size_max, "a text is too long")
    entry_form(not any(unicodedata.category(letter) == "Cc" or letter in UNSEEN for letter in text), "no plain text")


def check_roles(roles):
    entry_form(len(roles) <= 64, "number of roles")
    for role in roles:
        kind, scopes, permit = role["kind"], role["scopes"], role["permit"]
        entry_form(1 <= kind <= 13 and len(scopes) == len(set(scopes)) <= 64, "kind or scopes of a role")
        scope = "JP|0[1-9]|[123][0-9]|4[0-7]" if kind == AUTHORITY else "[a-z0-9-]{1,64}"
        entry_form(all(re.fullmatch(scope, text) for text in scopes), "scope of a role")
        entry_form(scopes or kind not in (AUTHORITY, RECYCLER), "an authority or recycler has a scope")
        entry_form(permit or kind != RECYCLER, "a recycler has a permit")
        for name in ("type", "number", "issuer") if permit else ():
            entry_form(permit[name], "permit")
            check_text(permit[name], 128)
        entry_form(not permit or permit["not_after_ms"] <= TIME_MAX_MS, "time of a permit")


def is_name_space(text):
    return bool(len(text) <= 512 and re.fullmatch("[!-~]+", text) and text[-1] in "/:#?="
                and re.fullmatch("[a-z][a-z0-9+.-]*:(//[^/?#A-Z]+[/?#].*|(?!//)..+)", text))


def check_claims(entry):
    for name, most, is_good in (("gs1_company_prefixes", 256, lambda text: re.fullmatch("[0-9]{4,12}", text)),
                                ("link_domains", 64, is_domain), ("id_name_spaces", 64, is_name_space)):
        entry_form(len(entry[name]) == len(set(entry[name])) <= most and all(map(is_good, entry[name])), name)


def check_hosting(entry, federation):
    hosting = entry["hosting"] or {"node_identity": "", "addresses": []}
    identity = hosting["node_identity"]
    entry_form(identity or STATUS[entry["status"]] != "active", "an active member has a node")
    match = re.fullmatch(f"spiffe://{re.escape(federation)}/member/([0-9]{{4}})/([^/]+)/node/[a-z0-9-]{{1,63}}", identity)
    entry_form(not identity or (match and is_participant(f"{match[1]}:{match[2]}") and match[2] not in (".", "..")
                                and len(identity) <= 512), "node identity")
    addresses = hosting["addresses"]
    entry_form(len(addresses) == len(set(addresses)) <= 8 and all(map(is_address, addresses)), "addresses")


def open_entry(payload, bundle):
    """A member entry (§5). Keys of the bundle do not count for a member, and are left out."""
    entry_form(len(payload) <= ENTRY_SIZE_MAX, "too large")
    entry = parse(payload, "entry", "ENTRY_FORM", closed=True)
    names = list((entry["name"] or {"ja": ""}).values())
    entry_form(is_participant(entry["participant_id"]) and 1 <= entry["kind"] <= 7 and entry["status"] in STATUS,
               "participant ID, kind or status")
    entry_form(any(names[:2]) and all(name.strip(SPACES) for name in names[:2] if name), "no name")
    for text in names:
        check_text(text, 256)
    check_roles(entry["roles"])
    check_hosting(entry, bundle["federation"])
    check_claims(entry)
    keys = [key["public_key"] for key in entry["keys"]]
    entry_form(len(keys) == len(set(keys)) <= 32, "too many keys, or one twice")
    for key in entry["keys"]:
        check_member_key(key, (RECORD_KEY, FEED_KEY), "ENTRY_FORM")
        check_origin(key)
    entry["keys"] = [key for place, key in enumerate(entry["keys"]) if not is_refused(entry, place, bundle["federation"])]
    return {**entry, "keys": [key for key in entry["keys"] if key["public_key"] not in pinned_keys(bundle)]}


def check_origin(key):
    endorsement = key["endorsement"]
    entry_form(key["origin"] in (0, FIRST, ENDORSED, RECOVERY) and bool(endorsement) == (key["origin"] == ENDORSED),
               "origin of a key")
    entry_form(not endorsement or (len(endorsement["key_id"]) == 32 and len(endorsement["signature"]) == 64),
               "endorsement of a key")
    base = key["base"]
    if base:
        names = [head["feed"] for head in base["heads"]]
        entry_form(key["purpose"] == FEED_KEY and key["origin"] == ENDORSED, "a base of a key that has none")
        entry_form(len(base["others"]) == 32 and len(base["signature"]) == 64 and names == sorted(set(names))
                   and set(names) <= OPEN_FEEDS, "base of a key")
        entry_form(all(head["epoch"] and len(head["root"]) == 32 and (head["size"] or head["root"] == sha256())
                       for head in base["heads"]), "a head in the base of a key")


def base_digest(base):
    heads = b"".join(len(head["feed"]).to_bytes(2, "big") + head["feed"].encode() + head["epoch"].to_bytes(8, "big")
                     + head["size"].to_bytes(8, "big") + head["root"] for head in base["heads"])
    return sha256(BASE_DOMAIN, len(base["heads"]).to_bytes(2, "big"), heads, base["others"])


def is_refused(entry, place, federation):
    """Whether the key is endorsed by none that stands before it (§3.1), judged by the entry alone."""
    key = entry["keys"][place]
    if key["origin"] != ENDORSED:
        return False
    owner, endorsement = entry["participant_id"], key["endorsement"]
    body = (endorsement["key_id"] + key["purpose"].to_bytes(4, "big") + key["not_before_ms"].to_bytes(8, "big")
            + key_id(federation, owner, key["public_key"]) + (base_digest(key["base"]) if key["base"] else b""))
    purpose = RECORD_KEY if key["base"] else key["purpose"]
    for before, other in enumerate(entry["keys"][:place]):
        has_left = other["purpose"] == FEED_KEY and any(
            moved["base"] and moved is not other and other["not_before_ms"] <= moved["not_before_ms"] <= key["not_before_ms"]
            for moved in entry["keys"])
        if (other["purpose"] == purpose and not has_left and not is_refused(entry, before, federation)
                and key_id(federation, owner, other["public_key"]) == endorsement["key_id"]):
            try:
                check_signature(other["public_key"], pae(NEXT_KEY_TYPE, body), endorsement["signature"])
                return False
            except Refused:
                return True
    return True


# ---- Record files: record.md §7.

def find_among(keys, bundle, owner, moment_ms):
    """Looks a record key up by its ID, among keys that belong to `owner`."""
    def find(wanted, publisher):
        need(publisher == owner, "MEMBER_RECORD", f"signed by {publisher}, not by {owner}")
        for key in keys:
            if key["purpose"] == RECORD_KEY and key_id(bundle["federation"], owner, key["public_key"]) == wanted:
                need(is_usable(key, moment_ms), "KEY_NOT_USABLE", "the key was expired, revoked or not yet valid")
                return key["public_key"]
        raise Refused("UNKNOWN_KEY", f"no record key {wanted.hex()} of {owner}")
    return find


def usable_feed_keys(keys, moment_ms):
    return [key["public_key"] for key in keys if key["purpose"] == FEED_KEY and is_usable(key, moment_ms)]


def witnesses_of(bundle):
    return [(f"{bundle['federation']}/meguri/{who.replace(':', '/')}/witness", key["public_key"][12:])
            for who, key in zip(bundle["witnesses"], bundle["witness_keys"])]


def check_proof(proof, envelope, header, bundle, spkis, is_strict):
    """A feed of the publisher names the record (§7, steps 4 and 5): its origin, head, and the slots that it opens."""
    need(proof and feeds.is_feed_name(proof["feed"]), "FEED_NAME", "no proof, or the name of a feed")
    need(proof["epoch"], "FEED_PROOF", "epochs start at 1")
    named, slots = feeds.parse_entry(proof["entry"])
    need(named == header_hash(envelope["header"]), "FEED_PROOF", "the entry names another record")
    need(not slots >> len(header["section_digests"]), "FEED_PROOF", "the entry opens slots that the record lacks")
    need(not slots or "tombstone" not in header, "FEED_PROOF", "the entry opens slots of a record that has ended")
    origin = feeds.origin(bundle["federation"], header["publisher"], proof["epoch"], proof["feed"])
    if heads.is_opening(proof["checkpoint"]):
        size, root = heads.open_head(heads.read_opening(proof["checkpoint"]), bundle["federation"], header["publisher"],
                                     proof["epoch"], proof["feed"], spkis, witnesses_of(bundle), is_strict)
    else:
        size, root = feeds.open_sole_checkpoint(proof["checkpoint"], origin, spkis, witnesses_of(bundle), is_strict)
    feeds.check_inclusion(feeds.leaf(proof["entry"]), proof["index"], size, proof["path"], root)
    return origin, size, root, slots


def check_member_proof(proof, envelope, header, bundle, keys, now_ms, is_strict):
    """The same for a member that may have moved: what its former hosts signed counts up to where its feeds stood."""
    line = sorted((key for key in keys if key["purpose"] == FEED_KEY), key=lambda key: key["not_before_ms"])
    moved = max((place for place, key in enumerate(line) if key["base"]), default=0)
    try:
        return check_proof(proof, envelope, header, bundle, usable_feed_keys(line[moved:], now_ms), is_strict)
    except Refused:
        if not moved:
            raise
    proven = check_proof(proof, envelope, header, bundle, usable_feed_keys(line[:moved], now_ms), is_strict)
    need(proof["feed"] in OPEN_FEEDS, "HEAD_OF_FORMER_HOST", "signed by a former host, and nothing shows when")
    stood = {head["feed"]: head["size"] for head in line[moved]["base"]["heads"] if head["epoch"] == proof["epoch"]}
    need(proven[1] <= stood.get(proof["feed"], 0), "HEAD_BEYOND_MOVE", "signed by a former host after the move")
    return proven


def check_opens(slots, envelope):
    need(all(slots >> section["slot"] & 1 for section in envelope["sections"]), "SLOT_NOT_PROVEN", "a section")


def open_member(envelope, proof, bundle, now_ms, is_strict):
    """The entry of a member as the operator signed it and the registry feed names it, and the keys of that member."""
    pinned, pinned_feed = bundle["registry_record_keys"], bundle["registry_feed_keys"]
    need(envelope, "RECORD_FILE", "a part is missing")
    holder = verify_envelope(envelope, find_among(pinned, bundle, bundle["operator_id"], now_ms))
    need(holder["record_type"] == MEMBER_RECORD and "tombstone" not in holder, "MEMBER_RECORD", "no member record")
    sections = envelope["sections"]
    need([section["type"] for section in sections] == [MEMBER_SECTION], "MEMBER_RECORD", "not one member section alone")
    origin, size, root, slots = check_proof(proof, envelope, holder, bundle, usable_feed_keys(pinned_feed, now_ms),
                                            is_strict)
    need(origin == bundle["registry_origin"], "REGISTRY_FEED", "the entry is proven by another feed")
    need(size != bundle["registry_size_min"] or root == bundle["registry_root_min"], "REGISTRY_FEED", "another root")
    check_opens(slots, envelope)
    entry = open_entry(sections[0]["payload"], bundle)
    return entry, entry["keys"] + (pinned + pinned_feed if entry["participant_id"] == bundle["operator_id"] else [])


def present_keys(keys):
    """Without the feed keys of hosts that the member has left."""
    line = sorted((key for key in keys if key["purpose"] == FEED_KEY), key=lambda key: key["not_before_ms"])
    return line[max((place for place, key in enumerate(line) if key["base"]), default=0):]


def verify_record_file(data, bundle, now_ms):
    """Returns (header of the record, its envelope, the publisher's entry, origin, size and receipts of each feed), or
    refuses."""
    need(len(data) <= FILE_SIZE_MAX, "RECORD_FILE", "too large")
    file = parse(data, "record_file", "RECORD_FILE", closed=True)
    with_openings = any(heads.is_opening(proof["checkpoint"]) for proof in file["record_proofs"])
    with_receipts = any(proof["receipts"] for proof in file["record_proofs"])
    need(file["format_version"] == (4 if with_receipts else 3 if with_openings else 2), "RECORD_FILE", "format version")
    need(write(file, "record_file") == data, "RECORD_FILE", "not in its one encoding")
    digest = sha256(FILE_DOMAIN, write({**file, "digest": b""}, "record_file"))
    need(file["digest"] == digest, "RECORD_FILE", "changed, or damaged")
    need(file["record"] and file["publisher_entry"], "RECORD_FILE", "a part is missing")
    need(1 <= len(file["record_proofs"]) <= PROOFS_MAX, "RECORD_FILE", "number of proofs")
    need(file["trust_bundle_version"] and len(file["trust_bundle_hash"]) == 32, "RECORD_FILE", "trust bundle")
    need(file["trust_bundle_version"] != bundle["version"] or file["trust_bundle_hash"] == bundle["body_hash"],
         "OTHER_TRUST_BUNDLE", "made with another bundle of this version")
    is_strict = file["trust_bundle_version"] == bundle["version"]

    def open_giver(envelope, proof):
        giver, keys = open_member(envelope, proof, bundle, now_ms, is_strict)
        return giver, present_keys(keys)
    entry, keys = open_member(file["publisher_entry"], file["publisher_entry_proof"], bundle, now_ms, is_strict)
    header = verify_envelope(file["record"], find_among(keys, bundle, entry["participant_id"], now_ms))
    proofs = [check_member_proof(proof, file["record"], header, bundle, keys, now_ms, is_strict)
              for proof in file["record_proofs"]]
    need(len({origin for origin, *_ in proofs}) == len(proofs), "RECORD_FILE", "a feed is there twice")
    seen = [receipts.verify_all(proof, proven[0], entry, bundle["federation"], open_giver, now_ms)
            for proof, proven in zip(file["record_proofs"], proofs)]
    slots = 0
    for proof in proofs:
        slots |= proof[3]
    check_opens(slots, file["record"])
    return header, file["record"], entry, [(origin, size, who) for (origin, size, *_), who in zip(proofs, seen)]
