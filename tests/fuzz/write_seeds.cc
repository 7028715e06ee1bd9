// SPDX-License-Identifier: Apache-2.0
// Writes the seeds of every target into the folder that is named on the command line, from the vectors and the demo
// records. Keys of certificates are fresh in every run, so seeds are written once and kept.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "certs/feed_base.h"
#include "certs/key_change.h"
#include "certs/key_endorsement.h"
#include "certs/move_request.h"
#include "certs/registry.h"
#include "certs/signing_key.h"
#include "meguri/registry/v1/change.pb.h"
#include "meguri/registry/v1/move.pb.h"
#include "nlohmann/json.hpp"
#include "passport/formats/canonical_json.h"
#include "passport/section_table.h"
#include "record/audit_row.h"
#include "record/batch.h"
#include "record/checkpoint.h"
#include "record/cosignature.h"
#include "record/erasure.h"
#include "record/heads.h"
#include "record/onward_report.h"
#include "storage/format.h"
#include "storage/index.h"
#include "storage/memory/memory_store.h"
#include "storage/records.h"
#include "storage/settings.h"
#include "tests/fuzz/change_request_seed.h"
#include "tests/fuzz/erasure_file_seed.h"
#include "tests/fuzz/fixed_federation.h"
#include "tests/fuzz/move_file_seed.h"
#include "tests/fuzz/record_file_seed.h"
#include "tests/unit/passport/filled_message.h"
#include "tests/unit/storage/samples.h"

namespace meguri::fuzz {
namespace {

using Json = nlohmann::ordered_json;

std::string ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  Invariant(file.good() && !text.str().empty(), absl::StrCat(path, " can be read"));
  return text.str();
}

Json Vectors(const std::string& name) {
  return Json::parse(ReadText(absl::StrCat(MEGURI_SOURCE_DIR, "/tests/vectors/", name)));
}

std::string Bytes(const Json& hex) {
  std::string bytes;
  Invariant(FromHex(hex.get<std::string>(), bytes), "vectors are hexadecimal");
  return bytes;
}

// `name` as a file name: what is no letter or digit becomes a hyphen.
std::string FileName(absl::string_view name) {
  std::string file_name;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    file_name.push_back(plain ? c : '-');
  }
  return file_name;
}

// The corpus folder. Big inputs are left out: a fuzzer wants many small ones.
class Corpus {
 public:
  explicit Corpus(std::filesystem::path folder) : folder_(std::move(folder)) {}

  void Write(absl::string_view target, absl::string_view name, absl::string_view bytes) const {
    if (bytes.size() > kSeedBytesMax) {
      return;
    }
    const std::filesystem::path folder = folder_ / std::string(target.data(), target.size());
    std::filesystem::create_directories(folder);
    std::ofstream file(folder / FileName(name), std::ios::binary);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    file.close();
    Invariant(file.good(), "a seed can be written");
  }

 private:
  static constexpr size_t kSeedBytesMax = 4096;
  const std::filesystem::path folder_;
};

void WriteRecordSeeds(const Corpus& corpus) {
  const Json record = Vectors("record.json");
  const Json refused = Vectors("refused.json");
  for (const Json& each : record["records"]) {
    corpus.Write("header", each["name"].get<std::string>(), Bytes(each["header_hex"]));
    corpus.Write("sections", each["name"].get<std::string>(), Bytes(each["envelope_hex"]));
  }
  for (size_t i = 0; i < refused["headers"].size(); i += 4) {
    corpus.Write("header", refused["headers"][i]["name"].get<std::string>(),
                 Bytes(refused["headers"][i]["header_hex"]));
  }
  for (const Json& key : record["keys"]) {
    corpus.Write("public_key", key["algorithm"].get<std::string>(), Bytes(key["spki_hex"]));
  }
  for (const Json& key : refused["public_keys"]) {
    corpus.Write("public_key", key["name"].get<std::string>(), Bytes(key["spki_hex"]));
  }
}

void WriteSignatureSeeds(const Corpus& corpus) {
  testing::SeededRandom random;
  const auto signer = FixedSigner("record key");
  const record::Hash key_id = record::Sha256("key");
  const std::vector<record::Hash> hashes = {record::Sha256("a"), record::Sha256("b"), record::Sha256("c")};
  for (const size_t size : {size_t{1}, hashes.size()}) {
    const auto batch = absl::MakeConstSpan(hashes).first(size);
    const auto signatures = record::SignBatch(batch, key_id, *signer, random).value();
    for (size_t i = 0; i < size; ++i) {
      corpus.Write("batch_signature", absl::StrCat(size, " ", i),
                   absl::StrCat(hashes[i].view(), signatures[i].SerializeAsString()));
    }
  }
}

void WriteFeedSeeds(const Corpus& corpus) {
  const Json refused = Vectors("refused.json");
  const Json vectors = Vectors("feed.json");
  const Json& feed = vectors["feeds"][0];
  corpus.Write("feed_entry", "public", Bytes(feed["entries"][0]["entry_hex"]));
  for (const Json& entry : refused["feed_entries"]) {
    corpus.Write("feed_entry", entry["name"].get<std::string>(), Bytes(entry["entry_hex"]));
  }
  const auto signer = FixedSigner("feed key");
  const std::string origin = feed["origin"].get<std::string>();
  const std::string note = record::SignCheckpoint({origin, 5, record::Sha256("root")}, *signer).value();
  corpus.Write("checkpoint", "signed", note);
  const auto cosignature = record::Cosign(note, "w.example", *FixedSigner("witness key"), 1'679'315'147);
  corpus.Write("checkpoint", "cosigned", absl::StrCat(note, cosignature.value()));
  corpus.Write("checkpoint", "text", note.substr(0, note.find("\n\n") + 1));
  for (size_t i = 0; i < refused["checkpoints"].size(); i += 3) {
    const Json& each = refused["checkpoints"][i];
    corpus.Write("checkpoint", each["name"].get<std::string>(), Bytes(each["note_hex"]));
  }
  for (const char* name :
       {"public", "recyclers/battery", "authorities/13", "to/0188:7123456789012", "0188:7123456789012",
        "0088:9520123456788", "offer/0123456789abcdef0123456789abcdef", "node.ce.example:7443", "[2001:db8::1]:7443",
        "spiffe://ce.example/member/0188/7123456789012/node/main", "https://id.ce.example/01/", "urn:epc:id:sgtin:"}) {
    corpus.Write("names", name, name);
  }
}

std::string ProofInput(uint64_t first, uint64_t size, const Json& left, const Json& root, const Json& path) {
  std::string input;
  AppendU64(first, input);
  AppendU64(size, input);
  absl::StrAppend(&input, Bytes(left), Bytes(root));
  for (const Json& hash : path) {
    absl::StrAppend(&input, Bytes(hash));
  }
  return input;
}

void WriteProofSeeds(const Corpus& corpus) {
  const Json merkle = Vectors("published_merkle.json");
  const Json& roots = merkle["roots_hex"];
  for (size_t i = 0; i < merkle["consistency"].size(); i += 6) {
    const Json& proof = merkle["consistency"][i];
    const auto from = proof["from_size"].get<uint64_t>();
    const auto size = proof["size"].get<uint64_t>();
    corpus.Write("proofs", absl::StrCat("consistency ", from, " ", size),
                 ProofInput(from, size, Json(roots[from]), Json(roots[size]), proof["path_hex"]));
  }
  for (size_t i = 0; i < merkle["inclusion"].size(); i += 6) {
    const Json& proof = merkle["inclusion"][i];
    const auto index = proof["index"].get<uint64_t>();
    const auto size = proof["size"].get<uint64_t>();
    const record::Hash leaf = record::LeafHash(Bytes(merkle["leaf_inputs_hex"][index]));
    corpus.Write("proofs", absl::StrCat("inclusion ", index, " ", size),
                 ProofInput(index, size, Json(leaf.ToHex()), Json(roots[size]), proof["path_hex"]));
  }
}

registry::v1::MemberEntry MemberEntry() {
  registry::v1::MemberEntry entry;
  entry.set_participant_id(kOperator);
  entry.mutable_name()->set_ja("株式会社めぐり");
  entry.mutable_name()->set_en("Meguri Ltd.");
  entry.set_kind(registry::v1::MEMBER_KIND_COMPANY_SME);
  entry.set_status(registry::v1::MEMBER_STATUS_ACTIVE);
  entry.mutable_hosting()->set_node_identity("spiffe://ce.example/member/0188/7123456789012/node/main");
  entry.mutable_hosting()->add_addresses("node.ce.example:7443");
  registry::v1::Role& role = *entry.add_roles();
  role.set_kind(registry::v1::ROLE_KIND_RECYCLER);
  role.add_scopes("battery");
  role.mutable_permit()->set_type("産廃処分");
  role.mutable_permit()->set_number("0123456789");
  role.mutable_permit()->set_issuer("13");
  *entry.add_keys() = KeyMessage(*FixedSigner("record key"), registry::v1::KEY_PURPOSE_RECORD);
  *entry.add_keys() = KeyMessage(*FixedSigner("feed key"), registry::v1::KEY_PURPOSE_FEED);
  entry.add_gs1_company_prefixes("4912345");
  entry.add_link_domains("id.ce.example");
  entry.add_id_name_spaces("https://id.ce.example/");
  return entry;
}

void WriteTrustSeeds(const Corpus& corpus) {
  const FixedFederation federation;
  const std::string bundle = federation.BundleMessage(2).SerializeAsString();
  corpus.Write("trust_bundle", "unsigned", bundle);
  corpus.Write("trust_bundle", "signed", federation.Bundle(1).bytes());
  corpus.Write("member_entry", "member", MemberEntry().SerializeAsString());
  corpus.Write("record_file", "signed", RecordFileSeed(federation, federation.Bundle(1)).file());
  corpus.Write("erasure_file", "signed", ErasureFileSeed(federation, federation.Bundle(1)).file());

  registry::v1::Heartbeat heartbeat;
  heartbeat.set_origin(kRegistryOrigin);
  heartbeat.set_size(3);
  heartbeat.set_root(record::Sha256("root").ToString());
  heartbeat.set_time_ms(static_cast<uint64_t>(absl::ToUnixMillis(Now())));
  heartbeat.set_next_update_ms(heartbeat.time_ms() + 60'000);
  const auto signed_heartbeat =
      certs::SignHeartbeat(heartbeat, kFederation, federation.operator_id(), federation.feed_signer()).value();
  corpus.Write("heartbeat", "unsigned", heartbeat.SerializeAsString());
  corpus.Write("heartbeat", "signed", signed_heartbeat.SerializeAsString());

  testing::SeededRandom random;
  const auto tls_key = certs::SigningKey::Generate(record::KeyAlgorithm::kEcdsaP256).value();
  const auto authority = certs::CertificateAuthority::Create("Meguri", random, Now()).value();
  const std::string uri = MemberEntry().hosting().node_identity();
  registry::v1::EnrolmentRequest request;
  *request.mutable_entry() = MemberEntry();
  request.set_certificate_request(certs::MakeCertificateRequest(*tls_key, uri).value());
  const auto record_signer = FixedSigner("record key");
  corpus.Write("enrolment", "unsigned", request.SerializeAsString());
  corpus.Write(
      "enrolment", "signed",
      certs::SignEnrolmentRequest(request, kFederation, {record_signer.get(), &federation.feed_signer()}).value());

  const certs::CurrentEntry current = EntryToChange(*record_signer);
  registry::v1::ChangeRequest change;
  *change.mutable_entry() = current.entry;
  change.mutable_entry()->mutable_hosting()->add_addresses("node.example:7443");
  change.set_previous_header_hash(current.header_hash.ToString());
  corpus.Write("change_request", "unsigned", change.SerializeAsString());
  corpus.Write("change_request", "signed",
               certs::SignChangeRequest(change.entry(), kFederation, current, {record_signer.get()}, Now()).value());

  const auto leaf = authority.Issue(request.certificate_request(), certs::Identity::Parse(uri).value(),
                                    api::v1::CLIENT_ROLE_UNSPECIFIED, certs::kNodeCertificateValidity, random, Now());
  corpus.Write("certificate", "root", authority.certificate().ToDer());
  corpus.Write("certificate", "node", leaf->ToDer());
  corpus.Write("certificate", "node pem", leaf->ToPem());
  corpus.Write("certificate", "request", request.certificate_request());
}

void WriteMoveSeeds(const Corpus& corpus) {
  const FixedFederation federation;
  testing::SeededRandom random;
  const RecordFileSeed seed(federation, federation.Bundle(1));
  const auto member = record::ParticipantId::Parse(kPublisher).value();
  const auto feed_key = FixedSigner("feed key of the new host");
  registry::v1::MoveRequest request;
  request.set_federation(kFederation);
  *request.mutable_present() = seed.publisher_entry();
  request.mutable_hosting()->set_node_identity("spiffe://ce.example/member/0199/newhost/node/main");
  request.mutable_hosting()->add_addresses("node.newhost.example:7443");
  registry::v1::MemberKey& key = *request.mutable_feed_key();
  key = certs::ToMemberKey(*feed_key, registry::v1::KEY_PURPOSE_FEED);
  std::vector<certs::BaseHead> heads;
  for (const char* name : {"public", "owner"}) {
    heads.push_back({record::FeedName::Parse(name).value(), 1, 2, record::Sha256(name)});
  }
  *key.mutable_base() = certs::MakeFeedBase(heads, random)->base;
  key.mutable_base()->set_signature(certs::SignBase(kFederation, member, *feed_key, key).value());
  corpus.Write("move_request", "sealed", certs::MakeMoveRequest(request).value());
  corpus.Write("move_request", "open", request.SerializeAsString());
}

void WriteOpeningSeeds(const Corpus& corpus) {
  const auto signer = FixedSigner("feed key");
  const record::ParticipantId publisher = record::ParticipantId::Parse(kOperator).value();
  const auto origin = [&](const char* feed) {
    return record::FeedOrigin(kFederation, {publisher, record::FeedName::Parse(feed).value(), 1});
  };
  const record::HeadsTree tree(
      record::Sha256("key of the entry"),
      {{origin("recyclers/battery"), 5, record::Sha256("batteries")}, {origin("owner"), 9, record::Sha256("notes")}});
  record::v1::ProvenOpening proven;
  *proven.mutable_opening() = record::ToMessage(*tree.Open(origin("recyclers/battery"), 1));
  proven.set_epoch(1);
  const record::Hash before = record::LeafHash("the entry before");
  proven.add_entry_path(before.ToString());
  const record::Hash root = record::NodeHash(before, record::LeafHash(tree.entry().Encode()));
  proven.set_checkpoint(record::SignCheckpoint({origin("heads"), 2, root}, *signer).value());
  const std::string bytes = record::WriteOpening(proven);
  corpus.Write("opening", "proven", bytes);
  corpus.Write("opening", "cut", bytes.substr(0, bytes.size() / 2));
  proven.clear_entry_path();
  proven.clear_checkpoint();
  corpus.Write("opening", "alone", record::WriteOpening(proven));
}

// A seed of one section for every target that reads payloads.
void WriteSectionSeed(const Corpus& corpus, const std::string& title, const passport::SectionKind& kind,
                      const std::string& payload) {
  const auto position = static_cast<char>(&kind - passport::SectionKinds().data());
  const std::string input = absl::StrCat(std::string(1, position), payload);
  corpus.Write("payload", title, input);
  corpus.Write("export", title, input);
}

void WritePassportSeeds(const Corpus& corpus) {
  std::set<std::string> seen;
  for (const std::string name : {"deploy/demo-data/recycled-pp-lot", "deploy/demo-data/cathode-nmc811-lot",
                                 "deploy/demo-data/washing-machine", "deploy/demo-data/detergent-bottle",
                                 "deploy/demo-data/vehicle-bumper", "tests/unit/passport/formats/exports/battery"}) {
    const Json file = Json::parse(ReadText(absl::StrCat(MEGURI_SOURCE_DIR, "/", name, ".json")));
    for (const auto& [section, value] : file["sections"].items()) {
      if (!seen.insert(section).second) {
        continue;  // one of a kind is enough
      }
      Json record = file;
      record["sections"] = Json{{section, value}};
      const std::string title = absl::StrCat(name.substr(name.rfind('/') + 1), " ", section);
      corpus.Write("record_json", title, record.dump());
      const auto draft = passport::ParseRecordJson(record.dump()).value();
      WriteSectionSeed(corpus, title, *passport::FindSectionKind(section), draft.sections[0].payload);
    }
  }
  // Of those that no record has, one with something in every field.
  for (const passport::SectionKind& kind : passport::SectionKinds()) {
    if (kind.understood() && seen.insert(std::string(kind.name)).second) {
      const std::unique_ptr<google::protobuf::Message> message(kind.prototype->New());
      passport::MessageFiller(kind.type).Fill(*message, /*depth_max=*/3);
      const std::string payload = message->SerializeAsString();
      WriteSectionSeed(corpus, absl::StrCat("filled ", kind.name), kind, payload);
      passport::RecordDraft draft;
      draft.record_type = record::v1::RECORD_TYPE_PRODUCT_PASSPORT;
      draft.sections.push_back({.type = kind.type, .audiences = kind.audiences, .payload = payload});
      corpus.Write("record_json", absl::StrCat("filled ", kind.name),
                   Json::parse(passport::PrintRecordJson(draft).value()).dump());
    }
  }
  for (const char* uri :
       {"https://id.example.jp/01/04912345678904/10/L-7/21/S%2F1?17=271231#top",
        "https://id.example.jp/a/b/8010/49123450001/8011/123", "HTTPS://ID.example:8443/414/9520123456788/254/1"}) {
    corpus.Write("digital_link", uri, uri);
  }
}

// One record in two feeds, with an index entry, a follow and a heartbeat.
absl::Status FillStore(storage::OrderedStore& store) {
  namespace samples = storage::testing;
  Invariant(storage::PrepareFormat(store).ok(), "an empty store can be prepared");
  testing::SeededRandom random;
  storage::Transaction transaction(store);
  const storage::Feeds feeds(store);
  const storage::Records records(store);
  const auto sample = samples::MakeSample(samples::Member("9999:m"), record::RecordId::Make(random), 1, random);
  const storage::PutVersion version = records.Put(transaction, sample.header, sample.stored).value();
  for (const record::v1::Section& section : sample.sections) {
    Invariant(records.PutSection(transaction, version, section).ok(), "a section is kept");
  }
  const record::FeedEntry entry{sample.header.hash(), 3};
  for (const char* name : {"public", "members"}) {
    const storage::FeedId feed = feeds.FindOrCreate(transaction, samples::OwnFeed("9999:m", name)).value();
    Invariant(feeds.AppendMany(transaction, feed, {entry.Encode(), entry.Encode()}).ok(), "a feed takes entries");
    Invariant(records.PutMembership(transaction, version, {feed, 3, 0}).ok(), "a record is in its feed");
    const std::vector<record::IndexTerm> terms = {{"gtin", "1"}};
    Invariant(storage::Index(store).Replace(transaction, feed, sample.header, version.arrival, terms).ok(),
              "and is found");
  }
  const auto key = samples::OwnFeed("9999:b", "public").key;
  Invariant(storage::Settings(store).PutFollow(transaction, {samples::Member("9999:m"), key, "", {}}).ok(), "follows");
  return samples::Apply(store, transaction);
}

void WriteErasureSeeds(const Corpus& corpus) {
  erasure::v1::ErasureRequest request;
  request.set_format_version(record::kErasureFormatVersion);
  request.set_federation("ce.example");
  request.set_publisher("0188:7123456789012");
  request.set_record_id("ABCDEFGHIJKLMNOP");
  request.set_tombstone_hash(record::Sha256("tombstone").ToString());
  request.set_basis(erasure::v1::ERASURE_BASIS_CONTRACT_ENDED);
  request.set_time_ms(1'790'000'000'000);
  request.set_deadline_ms(1'792'592'000'000);
  const std::string asked = record::EncodeErasureRequest(request).value();
  corpus.Write("erasure", "request", asked);
  corpus.Write("erasure", "cut", asked.substr(0, 60));
  erasure::v1::ErasureAck ack;
  ack.set_format_version(record::kErasureFormatVersion);
  ack.set_federation(request.federation());
  ack.set_publisher(request.publisher());
  ack.set_record_id(request.record_id());
  ack.set_tombstone_hash(request.tombstone_hash());
  ack.set_holder("9999:recycler");
  ack.set_time_ms(1'790'000'060'000);
  corpus.Write("erasure", "held-nothing", record::EncodeErasureAck(ack).value());
  ack.set_versions(2);
  ack.set_newest_version(3);
  corpus.Write("erasure", "acknowledgement", record::EncodeErasureAck(ack).value());
  erasure::v1::ErasureAccount account;
  account.set_format_version(record::kErasureFormatVersion);
  account.set_federation(request.federation());
  account.set_publisher(request.publisher());
  account.set_record_id(request.record_id());
  account.set_tombstone_hash(request.tombstone_hash());
  account.set_request_hash(record::Sha256(asked).ToString());
  account.set_time_ms(1'790'000'120'000);
  erasure::v1::AskedHolder& holder = *account.add_holders();
  holder.set_participant_id(ack.holder());
  holder.set_found_ms(1'790'000'000'000);
  corpus.Write("erasure", "account", record::EncodeErasureAccount(account).value());
}

void WriteOnwardSeeds(const Corpus& corpus) {
  audit::v1::OnwardReport report;
  report.set_format_version(record::kOnwardReportFormatVersion);
  report.set_federation("ce.example");
  report.set_holder("9999:recycler");
  report.set_owner("0188:7123456789012");
  report.set_month(202611);
  audit::v1::OnwardRow& row = *report.add_rows();
  row.set_offer_id("ABCDEFGHIJKLMNOP");
  row.set_reader("9999:smelter");
  row.set_purpose(2);
  row.set_to(300);
  row.set_batches(2);
  row.set_first_ms(1'794'000'000'000);
  row.set_last_ms(1'794'000'060'000);
  report.set_time_ms(1'796'083'260'000);
  const std::string body = record::EncodeOnwardReport(report).value();
  corpus.Write("onward_report", "report", body);
  corpus.Write("onward_report", "cut", body.substr(0, 60));
}

void WriteAuditSeeds(const Corpus& corpus) {
  audit::v1::Row row;
  row.set_format_version(record::kAuditRowFormatVersion);
  row.set_nonce("0123456789abcdef");
  row.set_number(1);
  row.set_time_ms(1);
  row.set_reader("9999:recycler");
  row.set_identity("spiffe://ce.example/member/9999/recycler/node/main");
  row.set_decision(audit::v1::DECISION_DENIED);
  row.set_rule("FEED_NOT_READABLE");
  corpus.Write("audit_row", "refusal", record::AuditRow::Make(row)->bytes());
  row.set_decision(audit::v1::DECISION_DELIVERED);
  row.set_publisher("0188:7123456789012");
  row.mutable_feed()->set_name("members");
  row.mutable_feed()->set_to(256);
  corpus.Write("audit_row", "batch", record::AuditRow::Make(row)->bytes());
  audit::v1::RowRecord& record = *row.add_records();
  record.set_record_id("ABCDEFGHIJKLMNOP");
  record.set_version(1);
  record.set_slots(2);
  record.add_section_types(3);
  row.clear_feed();
  const std::string delivery = record::AuditRow::Make(row)->bytes();
  corpus.Write("audit_row", "delivery", delivery);
  corpus.Write("audit_row", "cut", delivery.substr(0, delivery.size() / 2));
}

void WriteMoveFileSeeds(const Corpus& corpus) {
  corpus.Write("move_file", "exported", ExportedFile());
  corpus.Write("move_file", "given-back", GivenBackFile());
  const std::string file = ExportedFile();
  corpus.Write("move_file", "cut", file.substr(0, file.size() / 2));
}

void WriteStoreSeeds(const Corpus& corpus) {
  const auto store = storage::OpenMemoryStore(storage::MakeMemoryDisk());
  Invariant(FillStore(*store).ok(), "memory takes any bytes");
  std::string pairs;
  for (const storage::Family family : {storage::Family::kArrival, storage::Family::kLookup}) {
    for (auto cursor = store->NewCursor(family, ""); cursor->Valid(); cursor->Next()) {
      pairs.push_back(static_cast<char>(family));
      pairs.push_back(static_cast<char>(cursor->key().size()));
      absl::StrAppend(&pairs, cursor->key());
      AppendU16(static_cast<uint16_t>(cursor->value().size()), pairs);
      absl::StrAppend(&pairs, cursor->value());
      const std::string kind = family == storage::Family::kArrival ? "record" : std::string(1, cursor->key()[0]);
      corpus.Write("store_key", absl::StrCat("key ", kind), cursor->key());
      if (cursor->value().size() <= 2 * record::kHashSize + 1) {
        corpus.Write("store_key", absl::StrCat("value ", kind), cursor->value());
      }
    }
  }
  corpus.Write("store", "small", pairs);
}

}  // namespace
}  // namespace meguri::fuzz

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", arguments[0]);
    return 64;
  }
  const meguri::fuzz::Corpus corpus(arguments[1]);
  meguri::fuzz::WriteRecordSeeds(corpus);
  meguri::fuzz::WriteSignatureSeeds(corpus);
  meguri::fuzz::WriteFeedSeeds(corpus);
  meguri::fuzz::WriteProofSeeds(corpus);
  meguri::fuzz::WriteTrustSeeds(corpus);
  meguri::fuzz::WriteMoveSeeds(corpus);
  meguri::fuzz::WriteMoveFileSeeds(corpus);
  meguri::fuzz::WriteOpeningSeeds(corpus);
  meguri::fuzz::WritePassportSeeds(corpus);
  meguri::fuzz::WriteStoreSeeds(corpus);
  meguri::fuzz::WriteOnwardSeeds(corpus);
  meguri::fuzz::WriteAuditSeeds(corpus);
  meguri::fuzz::WriteErasureSeeds(corpus);
  return 0;
}
