# SPDX-License-Identifier: Apache-2.0
"""docs/format/trust.md: trust bundle and member entry; and the record files of record.md that rest on them."""
import ipaddress
import re

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from record_format import (P256_PREFIX, SCHEMAS, TIME_MAX_MS, Refused, check_signature, is_participant, key_id,
                           load_key, need, parse, schema, signature_under, verify_envelope)

BUNDLE_SIZE_MAX, ENTRY_SIZE_MAX, CERTIFICATE_SIZE_MAX, SIGNATURES_MAX = 262144, 65536, 16384, 64
RECORD_KEY, FEED_KEY, BUNDLE_KEY = 1, 2, 3
MEMBER_RECORD, MEMBER_SECTION, FILE_SIZE_MAX = 16, 32, 64 << 20
BUNDLE_TYPE = "application/vnd.meguri.trust-bundle.v1"
KEY_GROUPS = {"registry_record_keys": (RECORD_KEY, 1), "registry_feed_keys": (FEED_KEY, 1),
              "bundle_keys": (BUNDLE_KEY, 1), "witness_keys": (FEED_KEY, 0)}
STATUS = {1: "active", 2: "suspended", 3: "left"}

SCHEMAS.update({name: schema(text) for name, text in {
    "key": "purpose:n algorithm:n public_key:b not_before_ms:N not_after_ms:N revoked_ms:N",
    "name": "ja:s en:s kana:s",
    "role": "kind:n scopes:s* permit:permit",
    "permit": "type:s number:s issuer:s not_after_ms:N",
    "hosting": "node_identity:s addresses:s*",
    "entry": "participant_id:s name:name kind:n status:n roles:role* hosting:hosting keys:key* gs1_company_prefixes:s*"
             " link_domains:s* id_name_spaces:s*",
    "bundle": "format_version:n version:N federation:s expires_ms:N operator_id:s registry_origin:s"
              " registry_record_keys:key* registry_feed_keys:key* tls_roots:b* bundle_keys:key* bundle_threshold:n"
              " witness_keys:key* witness_quorum:n registry_size_min:N registry_root_min:b operator_addresses:s*",
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
        return (literal.version == 6) == (host[:1] == "[")
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
    except (ValueError, TypeError, x509.ExtensionNotFound) as error:
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
    form(re.fullmatch(re.escape(prefix) + "[1-9][0-9]*/registry", bundle["registry_origin"]), "registry origin")
    for name, (purpose, least) in KEY_GROUPS.items():
        form(least <= len(bundle[name]) <= 16, f"number of {name}")
        for key in bundle[name]:
            check_member_key(key, (purpose,), "BUNDLE_FORM")
    keys = pinned_keys(bundle)
    form(len(keys) == len(set(keys)), "a public key stands twice")
    form(not any(key["not_before_ms"] or key["not_after_ms"] or key["revoked_ms"] for key in bundle["bundle_keys"]),
         "a bundle key has times")
    form(not bundle["registry_feed_keys"][0]["revoked_ms"], "the feed key in force is revoked")
    form(1 <= bundle["bundle_threshold"] <= len(bundle["bundle_keys"]), "threshold")
    form(bundle["witness_quorum"] <= len(bundle["witness_keys"]), "witness quorum")
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
    return bundle, valid


def open_entry(payload, bundle):
    """A member entry, as far as keys and standing rest on it (§5)."""
    need(len(payload) <= ENTRY_SIZE_MAX, "ENTRY_FORM", "too large")
    entry = parse(payload, "entry", "ENTRY_FORM", closed=True)
    need(is_participant(entry["participant_id"]), "ENTRY_FORM", "no participant ID")
    need(entry["status"] in STATUS and entry["name"]["ja"] + entry["name"]["en"], "ENTRY_FORM", "status or name")
    keys = [key["public_key"] for key in entry["keys"]]
    need(len(keys) == len(set(keys)) <= 32, "ENTRY_FORM", "too many keys, or one twice")
    for key in entry["keys"]:
        check_member_key(key, (RECORD_KEY, FEED_KEY), "ENTRY_FORM")
    need(not set(keys) & set(pinned_keys(bundle)), "ENTRY_FORM", "a key of the bundle cannot be registered")
    return entry


# ---- Record files: record.md §7.

def find_among(keys, bundle, owner, moment_ms):
    """Looks a record key up by its ID, among keys that belong to `owner`."""
    def find(wanted, publisher):
        need(publisher == owner, "PUBLISHER", f"signed by {publisher}, not by {owner}")
        for key in keys:
            if key["purpose"] == RECORD_KEY and key_id(bundle["federation"], owner, key["public_key"]) == wanted:
                need(is_usable(key, moment_ms), "KEY_NOT_USABLE", "the key was expired, revoked or not yet valid")
                return key["public_key"]
        raise Refused("UNKNOWN_KEY", f"no record key {wanted.hex()} of {owner}")
    return find


def verify_record_file(data, bundle, now_ms):
    """Returns (header of the record, its envelope, the publisher's entry), or refuses."""
    need(len(data) <= FILE_SIZE_MAX, "FILE_FORM", "too large")
    file = parse(data, "record_file", "FILE_FORM", closed=True)
    need(file["format_version"] == 1, "FILE_FORM", "format version is not 1")
    pinned = bundle["registry_record_keys"]
    holder = verify_envelope(file["publisher_entry"], find_among(pinned, bundle, bundle["operator_id"], now_ms))
    need(holder["record_type"] == MEMBER_RECORD and "tombstone" not in holder, "PUBLISHER", "no member record")
    payloads = [s["payload"] for s in file["publisher_entry"]["sections"] if s["type"] == MEMBER_SECTION]
    need(payloads, "PUBLISHER", "the member section is missing")
    entry = open_entry(payloads[0], bundle)
    keys = entry["keys"] + (pinned if entry["participant_id"] == bundle["operator_id"] else [])
    header = verify_envelope(file["record"], find_among(keys, bundle, entry["participant_id"], now_ms))
    return header, file["record"], entry
