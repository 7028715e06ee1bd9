// SPDX-License-Identifier: Apache-2.0
// What must be refused. Every case differs from something valid in one respect.
#include <functional>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "base/error.h"
#include "record/checkpoint.h"
#include "record/dsse.h"
#include "record/feed.h"
#include "record/merkle.h"
#include "record/wire.h"
#include "tests/vectors/golden.h"

namespace meguri::vectors {
namespace {

using record::Hash;
using record::v1::Section;

std::string Unhex(absl::string_view hex) {
  std::string bytes;
  Invariant(FromHex(hex, bytes), "a constant");
  return bytes;
}

std::string Flipped(std::string bytes) {
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  return bytes;
}

// ---- Headers ----

// The fields of a message as they stand on the wire, tags included.
std::vector<std::string> FieldsOf(absl::string_view bytes) {
  std::vector<std::string> fields;
  while (!bytes.empty()) {
    const absl::string_view start = bytes;
    uint64_t tag = 0;
    uint64_t value = 0;
    Invariant(record::TakeVarint(bytes, tag) && record::TakeVarint(bytes, value), "golden bytes are well formed");
    bytes.remove_prefix((tag & 7) == 2 ? value : 0);
    fields.emplace_back(start.substr(0, start.size() - bytes.size()));
  }
  return fields;
}

class HeaderCases {
 public:
  explicit HeaderCases(const Golden& golden)
      : second_(golden.Find("product-2").header.message()), ended_(golden.Find("product-3").header.message()) {}

  void Add(absl::string_view name, absl::string_view bytes, absl::string_view reason, absl::string_view why) {
    cases_.push_back(
        Json::Object({{"name", name}, {"header_hex", Json::Hex(bytes)}, {"reason", reason}, {"why", why}}));
  }
  // A change of a field's value.
  void Value(absl::string_view name, absl::string_view reason, absl::string_view why,
             const std::function<void(record::v1::Header&)>& change, bool ended = false) {
    record::v1::Header header = ended ? ended_ : second_;
    change(header);
    Add(name, header.SerializeAsString(), reason, why);
  }
  // A change of the fields as they stand on the wire: format, ID, version, type, publisher, time, previous, 8 digests.
  void Wire(absl::string_view name, absl::string_view why,
            const std::function<void(std::vector<std::string>&)>& change) {
    std::vector<std::string> fields = FieldsOf(second_.SerializeAsString());
    change(fields);
    Add(name, absl::StrJoin(fields, ""), "WIRE_GRAMMAR", why);
  }
  std::string second() const { return second_.SerializeAsString(); }
  std::vector<Json> Take() { return std::move(cases_); }

 private:
  const record::v1::Header second_;
  const record::v1::Header ended_;
  std::vector<Json> cases_;
};

void AddWireCases(HeaderCases& cases) {
  using Fields = std::vector<std::string>&;
  cases.Wire("unknown field", "field 10 does not exist", [](Fields f) { f.push_back(Unhex("5001")); });
  cases.Wire("fields out of order", "record_type before version", [](Fields f) { std::swap(f[2], f[3]); });
  cases.Wire("field twice", "version twice, with the same value", [](Fields f) { f.insert(f.begin() + 2, f[2]); });
  cases.Wire("repeated field in two pieces", "a section digest before previous_header_hash",
             [](Fields f) { std::swap(f[6], f[7]); });
  cases.Wire("value not minimal", "version 2 as 82 00", [](Fields f) { f[2] = Unhex("188200"); });
  cases.Wire("tag not minimal", "tag of version as 98 00", [](Fields f) { f[2] = Unhex("980002"); });
  cases.Wire("length not minimal", "length of record_id as 90 00", [](Fields f) { f[1].replace(1, 1, Unhex("9000")); });
  cases.Wire("varint of eleven bytes", "no varint is longer than ten bytes",
             [](Fields f) { f[2] = "\x18" + std::string(10, '\x82') + '\x01'; });
  cases.Wire("default value", "version 0 written out", [](Fields f) { f[2] = Unhex("1800"); });
  cases.Wire("empty bytes written out", "previous_header_hash of length 0", [](Fields f) { f[6] = Unhex("3a00"); });
  cases.Wire("fixed64", "version with wire type 1", [](Fields f) { f[2] = Unhex("190200000000000000"); });
  cases.Wire("group", "version as a group", [](Fields f) { f[2] = Unhex("1b1c"); });
  cases.Wire("number as bytes", "version with wire type 2", [](Fields f) { f[2] = Unhex("1a0102"); });
  cases.Wire("format version above 32 bits", "2^32 + 1, which many parsers cut to 1",
             [](Fields f) { f[0] = Unhex("088180808010"); });
  cases.Wire("record type above 32 bits", "2^32 + 1, which many parsers cut to 1",
             [](Fields f) { f[3] = Unhex("208180808010"); });
  cases.Wire("length beyond the end", "the last digest claims 33 bytes", [](Fields f) { f.back()[1] = '\x21'; });
  cases.Wire("byte behind", "a zero byte after the last field", [](Fields f) { f.emplace_back(1, '\0'); });
  cases.Wire("byte missing", "the last digest is cut", [](Fields f) { f.back().pop_back(); });
  cases.Wire("nothing", "no bytes at all", [](Fields f) { f.clear(); });
  cases.Wire("publisher not UTF-8", "byte ff", [](Fields f) { f[4].back() = '\xff'; });
  cases.Wire("format version not first", "format_version is missing", [](Fields f) { f.erase(f.begin()); });
  cases.Add("too large", cases.second() + std::string(record::kHeaderBytesMax + 1 - cases.second().size(), '\x42'),
            "WIRE_GRAMMAR", "4,097 bytes");
}

void AddValueCases(HeaderCases& cases) {
  using record::v1::Header;
  cases.Value("newer format", "NEWER_FORMAT", "format_version 2: keep the bytes, do not interpret them",
              [](Header& h) { h.set_format_version(2); });
  cases.Value("record ID of 15 bytes", "WIRE_GRAMMAR", "16 are asked for",
              [](Header& h) { h.mutable_record_id()->pop_back(); });
  cases.Value("version 2^63", "WIRE_GRAMMAR", "at most 2^63 - 1", [](Header& h) { h.set_version(uint64_t{1} << 63); });
  cases.Value("unknown record type", "WIRE_GRAMMAR", "5 is not assigned",
              [](Header& h) { h.set_record_type(static_cast<record::v1::RecordType>(5)); });
  cases.Value("publisher too long", "WIRE_GRAMMAR", "an identifier of 36 characters",
              [](Header& h) { h.set_publisher("0199:" + std::string(36, 'x')); });
  cases.Value("time after the year 9999", "WIRE_GRAMMAR", "at most 253402300799999",
              [](Header& h) { h.set_issue_time_ms(253'402'300'800'000); });
  cases.Value("no time", "WIRE_GRAMMAR", "issue_time_ms is missing", [](Header& h) { h.clear_issue_time_ms(); });
  cases.Value("no digests", "WIRE_GRAMMAR", "section_digests is missing", [](Header& h) { h.clear_section_digests(); });
  cases.Value("digest of 33 bytes", "WIRE_GRAMMAR", "32 are asked for",
              [](Header& h) { h.mutable_section_digests(3)->push_back('x'); });
  cases.Value("nine digests", "HEADER_RULE", "8, 16, 32 or 64 slots",
              [](Header& h) { h.add_section_digests(std::string(32, 'x')); });
  cases.Value("corporate number with wrong check digit", "HEADER_RULE", "9876543210987 would begin with 2",
              [](Header& h) { h.set_publisher("0188:9876543210987"); });
  cases.Value("publisher without scheme", "HEADER_RULE", "no ICD", [](Header& h) { h.set_publisher("7123456789012"); });
  cases.Value("version 2 without previous header hash", "HEADER_RULE", "the chain is broken",
              [](Header& h) { h.clear_previous_header_hash(); });
  cases.Value("version 1 with previous header hash", "HEADER_RULE", "nothing comes before version 1",
              [](Header& h) { h.set_version(1); });
}

void AddTombstoneCases(HeaderCases& cases) {
  using record::v1::Header;
  const auto ended = [&](absl::string_view name, absl::string_view reason, absl::string_view why,
                         const std::function<void(Header&)>& change) { cases.Value(name, reason, why, change, true); };
  ended("tombstone in version 1", "HEADER_RULE", "there is nothing to end", [](Header& h) {
    h.set_version(1);
    h.clear_previous_header_hash();
  });
  ended("unknown tombstone reason", "WIRE_GRAMMAR", "5 is not assigned",
        [](Header& h) { h.mutable_tombstone()->set_reason(static_cast<record::v1::TombstoneReason>(5)); });
  ended("empty tombstone", "WIRE_GRAMMAR", "reason is missing", [](Header& h) { h.mutable_tombstone()->Clear(); });
  ended("superseded by nothing", "HEADER_RULE", "successor_record_id is missing",
        [](Header& h) { h.mutable_tombstone()->clear_successor_record_id(); });
  ended("withdrawn with a successor", "HEADER_RULE", "only SUPERSEDED names a record",
        [](Header& h) { h.mutable_tombstone()->set_reason(record::v1::TOMBSTONE_REASON_WITHDRAWN); });
  ended("superseded by itself", "HEADER_RULE", "the successor is another record",
        [](Header& h) { h.mutable_tombstone()->set_successor_record_id(h.record_id()); });
  ended("transferred to nobody", "HEADER_RULE", "successor_participant_id is missing", [](Header& h) {
    h.mutable_tombstone()->Clear();
    h.mutable_tombstone()->set_reason(record::v1::TOMBSTONE_REASON_TRANSFERRED);
  });
  ended("transferred to a number with wrong check digit", "HEADER_RULE", "not a participant ID", [](Header& h) {
    h.mutable_tombstone()->Clear();
    h.mutable_tombstone()->set_reason(record::v1::TOMBSTONE_REASON_TRANSFERRED);
    h.mutable_tombstone()->set_successor_participant_id("0188:9876543210987");
  });
}

Json RefusedHeaders(const Golden& golden) {
  HeaderCases cases(golden);
  AddWireCases(cases);
  AddValueCases(cases);
  AddTombstoneCases(cases);
  return Json(cases.Take());
}

// ---- Sections ----

Json RefusedSections(const Golden& golden) {
  std::vector<Json> cases;
  const auto add_to = [&](const GoldenRecord& record, absl::string_view name, absl::string_view reason,
                          const std::function<void(std::vector<Section>&)>& change) {
    GoldenRecord changed = record;
    change(changed.sections);
    std::vector<Json> sections;
    sections.reserve(changed.sections.size());
    for (const Section& section : changed.sections) {
      sections.push_back(Json::Hex(section.SerializeAsString()));
    }
    cases.push_back(Json::Object({{"name", name},
                                  {"header_hex", Json::Hex(record.header.bytes())},
                                  {"sections_hex", std::move(sections)},
                                  {"reason", reason}}));
  };
  const auto add = [&](absl::string_view name, absl::string_view reason,
                       const std::function<void(std::vector<Section>&)>& change) {
    add_to(golden.Find("product-1"), name, reason, change);
  };
  using Sections = std::vector<Section>&;
  add_to(golden.Find("product-3"), "with a tombstone", "TOMBSTONE_SECTIONS",
         [&](Sections s) { s = {golden.Find("product-1").sections[0]}; });
  add("payload changed", "SECTION_DIGEST", [](Sections s) { s[0].mutable_payload()->push_back('.'); });
  add("salt changed", "SECTION_DIGEST", [](Sections s) { s[0].set_salt(Flipped(s[0].salt())); });
  add("type changed", "SECTION_DIGEST", [](Sections s) { s[0].set_type(99); });
  add("audiences widened", "SECTION_DIGEST", [](Sections s) { s[0].set_audiences(s[0].audiences() | 4); });
  add("in the slot of another", "SECTION_DIGEST", [](Sections s) {
    const uint32_t first = s[0].slot();
    s[0].set_slot(s[1].slot());
    s[1].set_slot(first);
    std::swap(s[0], s[1]);
  });
  add("of another version", "SECTION_DIGEST", [&](Sections s) {
    Section other = golden.Find("product-2").sections[0];
    other.set_slot(s[0].slot());
    s = {other};
  });
  add("slot beyond the header", "SECTION_SLOT", [](Sections s) { s.back().set_slot(8); });
  add("descending slots", "SECTION_SLOT", [](Sections s) { std::swap(s[0], s[1]); });
  add("same slot twice", "SECTION_SLOT", [](Sections s) { s.insert(s.begin(), s[0]); });
  add("same type twice", "SECTION_TYPE", [](Sections s) { s[1].set_type(s[0].type()); });
  add("type 0", "SECTION_TYPE", [](Sections s) { s[0].set_type(0); });
  add("no audience", "SECTION_AUDIENCES", [](Sections s) { s[0].set_audiences(0); });
  add("audience bit 0", "SECTION_AUDIENCES", [](Sections s) { s[0].set_audiences(s[0].audiences() | 1); });
  add("audience bit 9", "SECTION_AUDIENCES", [](Sections s) { s[0].set_audiences(s[0].audiences() | 512); });
  add("salt of 31 bytes", "SECTION_SALT", [](Sections s) { s[0].mutable_salt()->pop_back(); });
  return Json(std::move(cases));
}

// ---- Batch signatures ----

Json SignatureJson(const record::v1::BatchSignature& signature) {
  std::vector<Json> path;
  for (const std::string& hash : signature.path()) {
    path.push_back(Json::Hex(hash));
  }
  return Json::Object({{"key_id_hex", Json::Hex(signature.key_id())},
                       {"size", signature.size()},
                       {"index", signature.index()},
                       {"path_hex", std::move(path)},
                       {"signature_hex", Json::Hex(signature.signature())}});
}

Json RefusedBatchSignatures(const Golden& golden) {
  const GoldenRecord& record = golden.Find("product-2");  // one of three in a batch of four
  std::vector<Json> cases;
  const auto add = [&](absl::string_view name, absl::string_view reason, const Hash& header_hash,
                       const std::function<void(record::v1::BatchSignature&)>& change) {
    record::v1::BatchSignature signature = record.signature;
    change(signature);
    cases.push_back(Json::Object({{"name", name},
                                  {"header_hash_hex", Json::Hex(header_hash.view())},
                                  {"spki_hex", Json::Hex(golden.record_signer->public_key().spki())},
                                  {"signature", SignatureJson(signature)},
                                  {"reason", reason}}));
  };
  const Hash hash = record.header.hash();
  using Signature = record::v1::BatchSignature&;
  add("another header", "BAD_SIGNATURE", golden.Find("product-1").header.hash(), [](Signature) {});
  add("signature changed", "BAD_SIGNATURE", hash, [](Signature s) { s.set_signature(Flipped(s.signature())); });
  add("signature of 63 bytes", "BAD_SIGNATURE", hash, [](Signature s) { s.mutable_signature()->pop_back(); });
  add("key ID changed", "BAD_SIGNATURE", hash, [](Signature s) { s.set_key_id(Flipped(s.key_id())); });
  add("index of the sibling", "BAD_SIGNATURE", hash, [](Signature s) { s.set_index(s.index() ^ 1); });
  add("path in the wrong order", "BAD_SIGNATURE", hash, [](Signature s) { s.mutable_path()->SwapElements(0, 1); });
  add("half of the batch", "BAD_SIGNATURE", hash, [](Signature s) {
    s.set_size(2);
    s.set_index(s.index() % 2);
    s.mutable_path()->RemoveLast();
  });
  const Hash leaf = record::LeafHash(hash.view());
  const Hash sibling = Hash::Parse(record.signature.path(0)).value();
  const bool left = record.signature.index() % 2 == 0;
  add("inner node as a header", "BAD_SIGNATURE",
      left ? record::NodeHash(leaf, sibling) : record::NodeHash(sibling, leaf), [](Signature s) {
        s.set_size(2);
        s.set_index(s.index() / 2);
        s.mutable_path()->DeleteSubrange(0, 1);
      });
  add("key ID of 31 bytes", "BATCH_KEY", hash, [](Signature s) { s.mutable_key_id()->pop_back(); });
  add("size 0", "BATCH_SIZE", hash, [](Signature s) { s.set_size(0); });
  add("size not a power of two", "BATCH_SIZE", hash, [](Signature s) { s.set_size(3); });
  add("size above 65,536", "BATCH_SIZE", hash, [](Signature s) { s.set_size(131'072); });
  add("index as large as the size", "BATCH_INDEX", hash, [](Signature s) { s.set_index(4); });
  add("path too short", "BATCH_PATH", hash, [](Signature s) { s.mutable_path()->RemoveLast(); });
  add("path too long", "BATCH_PATH", hash, [](Signature s) { s.add_path(s.path(0)); });
  add("path hash of 31 bytes", "BATCH_PATH", hash, [](Signature s) { s.mutable_path(0)->pop_back(); });
  return Json(std::move(cases));
}

// ---- Keys, names and entries ----

Json RefusedKeys() {
  std::vector<Json> cases;
  const auto add = [&](absl::string_view name, const std::string& spki) {
    cases.push_back(Json::Object({{"name", name}, {"spki_hex", Json::Hex(spki)}, {"reason", "BAD_KEY"}}));
  };
  const std::string ed25519 = record::RawSigner::Ed25519(std::string(32, 'k'))->public_key().spki();
  const std::string p256 = P256Spki();
  const std::string compressed = "3039301306072a8648ce3d020106082a8648ce3d030107032200";
  add("Ed25519: byte behind", ed25519 + std::string(1, '\0'));
  add("Ed25519: byte missing", ed25519.substr(0, ed25519.size() - 1));
  add("Ed25519: raw key", ed25519.substr(12));
  add("Ed25519: length in long form", Unhex("30812a") + ed25519.substr(2));
  add("X25519", Unhex("302a300506032b656e032100") + ed25519.substr(12));
  add("P-256: byte behind", p256 + std::string(1, '\0'));
  add("P-256: compressed",
      absl::StrCat(Unhex(compressed), (p256.back() & 1) != 0 ? "\x03" : "\x02", p256.substr(27, 32)));
  add("P-256: hybrid", p256.substr(0, 26) + ((p256.back() & 1) != 0 ? "\x07" : "\x06") + p256.substr(27));
  add("P-256: not on the curve", Flipped(p256));
  add("P-256: zero", p256.substr(0, 27) + std::string(64, '\0'));
  add("nothing", "");
  return Json(std::move(cases));
}

Json RefusedNames() {
  std::vector<Json> cases;
  const auto add = [&](absl::string_view reason, const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      cases.push_back(Json::Object({{"text", text}, {"reason", reason}}));
    }
  };
  add("PARTICIPANT_ID",
      {"", "0188", "0188:", "188:7123456789012", "0188:9876543210987", "0188:712345678901", "0188:71234567890123",
       "0088:9521234026845", "0199:a b", "0199:a/b", "0199:123456789012345678901234567890123456"});
  add("FEED_NAME", {"", "Public", "public/", "recyclers", "recyclers/", "recyclers/Battery", "recyclers/a/b",
                    "authorities/00", "authorities/48", "authorities/1", "authorities/jp", "to/nobody",
                    "to/0188:9876543210987", "offer/0123456789ABCDEF0123456789ABCDEF", "offer/0123", "other/x"});
  return Json(std::move(cases));
}

Json RefusedEntries(const Golden& golden) {
  const std::string good = record::FeedEntry{golden.records[0].header.hash(), 5}.Encode();
  std::vector<Json> cases;
  const auto add = [&](absl::string_view name, absl::string_view reason, absl::string_view entry) {
    cases.push_back(Json::Object({{"name", name}, {"entry_hex", Json::Hex(entry)}, {"reason", reason}}));
  };
  add("nothing", "FEED_ENTRY", "");
  add("byte missing", "FEED_ENTRY", absl::string_view(good).substr(0, 40));
  add("byte behind", "FEED_ENTRY", good + std::string(1, '\0'));
  add("another format", "NEWER_FORMAT", "\x02" + good.substr(1));
  return Json(std::move(cases));
}

// ---- Checkpoints and proofs ----

class CheckpointCases {
 public:
  explicit CheckpointCases(const Golden& golden) : signer_(*golden.feed_signer) {}

  void Add(absl::string_view name, absl::string_view reason, absl::string_view note) {
    cases_.push_back(Json::Object({{"name", name},
                                   {"origin", kOrigin},
                                   {"spki_hex", Json::Hex(signer_.public_key().spki())},
                                   {"note_hex", Json::Hex(note)},
                                   {"reason", reason}}));
  }
  // A text with a signature that is right for it: only the form can be refused.
  void Signed(absl::string_view name, absl::string_view text) { Add(name, "CHECKPOINT_FORM", Note(text)); }
  std::string Line(absl::string_view text) const {
    const std::string key_hash =
        record::Sha256(absl::StrCat(kOrigin, "\n\x01", signer_.public_key().ed25519_bytes())).ToString().substr(0, 4);
    return absl::StrCat("\u2014 ", kOrigin, " ", absl::Base64Escape(key_hash + signer_.Sign(text).value()), "\n");
  }
  std::string Note(absl::string_view text) const { return absl::StrCat(text, "\n", Line(text)); }
  std::string Text(absl::string_view size, absl::string_view root) const {
    return absl::StrCat(kOrigin, "\n", size, "\n", root, "\n");
  }
  std::string OtherOrigin() const {
    return record::SignCheckpoint({"ce.example/meguri/0188/7123456789012/2/public", 5, record::Sha256("root")}, signer_)
        .value();
  }
  std::vector<Json> Take() { return std::move(cases_); }

 private:
  static constexpr char kOrigin[] = "ce.example/meguri/0188/7123456789012/1/public";
  const record::RawSigner& signer_;
  std::vector<Json> cases_;
};

void AddTextCases(CheckpointCases& cases, const std::string& root) {
  const std::string text = cases.Text("5", root);
  for (const char* size : {"", "05", "+5", "-5", " 5", "5 ", "0x5", "9223372036854775808", "18446744073709551621"}) {
    cases.Signed(absl::StrCat("size \"", size, "\""), cases.Text(size, root));
  }
  cases.Signed("size 0 with a root of something", cases.Text("0", root));
  cases.Signed("root without padding", cases.Text("5", root.substr(0, root.size() - 1)));
  std::string unused_bits = root;
  unused_bits[unused_bits.size() - 2] = static_cast<char>(unused_bits[unused_bits.size() - 2] + 1);
  cases.Signed("root with unused bits set", cases.Text("5", unused_bits));
  cases.Signed("root of 31 bytes", cases.Text("5", absl::Base64Escape(std::string(31, 'r'))));
  cases.Signed("extension line", text + "extension\n");
  cases.Signed("no root line", text.substr(0, text.size() - root.size() - 1));
  cases.Add("carriage returns", "CHECKPOINT_FORM", absl::StrReplaceAll(cases.Note(text), {{"\n", "\r\n"}}));
}

void AddSignatureCases(CheckpointCases& cases, const std::string& root) {
  const std::string text = cases.Text("5", root);
  const std::string note = cases.Note(text);
  const std::string witness = absl::StrCat("\u2014 witness.example ", absl::Base64Escape(std::string(76, 'w')), "\n");
  cases.Add("no signature", "CHECKPOINT_FORM", text + "\n");
  cases.Add("no newline at the end", "CHECKPOINT_FORM", note.substr(0, note.size() - 1));
  cases.Add("empty line at the end", "CHECKPOINT_FORM", note + "\n");
  cases.Add("hyphen for the em dash", "CHECKPOINT_FORM", absl::StrReplaceAll(note, {{"\u2014", "-"}}));
  cases.Add("byte that is not UTF-8", "CHECKPOINT_FORM", absl::StrReplaceAll(note + witness, {{"witness", "w\xff"}}));
  cases.Add("malformed line of another signer", "CHECKPOINT_FORM",
            absl::StrReplaceAll(note + witness, {{"witness", "wit ness"}}));
  std::string many = note;
  for (int i = 0; i < 16; ++i) {
    many += witness;
  }
  cases.Add("17 signatures", "CHECKPOINT_FORM", many);
  cases.Add("more than 16 KiB", "CHECKPOINT_FORM",
            absl::StrCat(note, "\u2014 w ", absl::Base64Escape(std::string(12'288, 'w')), "\n"));
  cases.Add("only signatures of others", "CHECKPOINT_SIGNATURE", absl::StrCat(text, "\n", witness));
  cases.Add("signature over another size", "CHECKPOINT_SIGNATURE",
            absl::StrCat(cases.Text("6", root), "\n", cases.Line(text)));
  cases.Add("another origin", "CHECKPOINT_ORIGIN", cases.OtherOrigin());
}

Json RefusedCheckpoints(const Golden& golden) {
  CheckpointCases cases(golden);
  const std::string root = absl::Base64Escape(record::Sha256("root").view());
  AddTextCases(cases, root);
  AddSignatureCases(cases, root);
  return Json(cases.Take());
}

std::vector<Hash> SevenLeaves() {
  std::vector<Hash> leaves;
  leaves.reserve(7);
  for (int i = 0; i < 7; ++i) {
    leaves.push_back(record::LeafHash(absl::StrCat(i)));
  }
  return leaves;
}

Json RefusedInclusions() {
  const std::vector<Hash> leaves = SevenLeaves();
  const auto read = [&](uint32_t level, uint64_t index) -> absl::StatusOr<Hash> {
    return record::RootOf(absl::MakeSpan(leaves).subspan(index << level, size_t{1} << level));
  };
  const std::vector<Hash> path = record::InclusionProof(4, 7, read).value();
  std::vector<Json> cases;
  const auto add = [&](absl::string_view name, uint64_t index, uint64_t size, const std::vector<Hash>& changed) {
    cases.push_back(Json::Object({{"name", name},
                                  {"leaf_hash_hex", Json::Hex(leaves[4].view())},
                                  {"index", index},
                                  {"size", size},
                                  {"path_hex", Json::HexList(changed)},
                                  {"root_hex", Json::Hex(record::RootOf(leaves).view())},
                                  {"reason", "INCLUSION_PROOF"}}));
  };
  add("another index", 5, 7, path);
  add("index as large as the size", 7, 7, path);
  add("another size", 4, 5, path);
  add("empty tree", 0, 0, {});
  add("too short", 4, 7, {path[0], path[1]});
  add("too long", 4, 7, {path[0], path[1], path[2], path[2]});
  add("wrong order", 4, 7, {path[1], path[0], path[2]});
  return Json(std::move(cases));
}

Json RefusedConsistencies() {
  const std::vector<Hash> leaves = SevenLeaves();
  const auto read = [&](uint32_t level, uint64_t index) -> absl::StatusOr<Hash> {
    return record::RootOf(absl::MakeSpan(leaves).subspan(index << level, size_t{1} << level));
  };
  const Hash root = record::RootOf(leaves);
  const Hash root3 = record::RootOf(absl::MakeSpan(leaves).first(3));
  const std::vector<Hash> path = record::ConsistencyProof(3, 7, read).value();
  std::vector<Json> cases;
  const auto add = [&](absl::string_view name, uint64_t from, const Hash& from_root, uint64_t size,
                       const std::vector<Hash>& changed) {
    cases.push_back(Json::Object({{"name", name},
                                  {"from_size", from},
                                  {"from_root_hex", Json::Hex(from_root.view())},
                                  {"size", size},
                                  {"root_hex", Json::Hex(root.view())},
                                  {"path_hex", Json::HexList(changed)},
                                  {"reason", "CONSISTENCY_PROOF"}}));
  };
  std::vector<Hash> shorter = path;
  shorter.pop_back();
  std::vector<Hash> longer = path;
  longer.push_back(root);
  add("another old root", 3, record::Sha256("other"), 7, path);
  add("another old size", 2, root3, 7, path);
  add("another size", 3, root3, 4, path);
  add("too short", 3, root3, 7, shorter);
  add("too long", 3, root3, 7, longer);
  add("no path", 3, root3, 7, {});
  add("shrinking", 8, root3, 7, {});
  add("equal sizes, other root", 7, root3, 7, {});
  add("equal sizes with a path", 7, root, 7, {root});
  add("from nothing with a path", 0, record::EmptyRoot(), 7, {root});
  return Json(std::move(cases));
}

}  // namespace

Json RefusedVectors(const Golden& golden) {
  return Json::Object({{"about", "What a verifier must refuse. `reason` is the reason that this implementation gives."},
                       {"headers", RefusedHeaders(golden)},
                       {"sections", RefusedSections(golden)},
                       {"batch_signatures", RefusedBatchSignatures(golden)},
                       {"public_keys", RefusedKeys()},
                       {"names", RefusedNames()},
                       {"feed_entries", RefusedEntries(golden)},
                       {"checkpoints", RefusedCheckpoints(golden)},
                       {"inclusion_proofs", RefusedInclusions()},
                       {"consistency_proofs", RefusedConsistencies()}});
}

}  // namespace meguri::vectors
