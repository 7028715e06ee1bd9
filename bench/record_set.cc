// SPDX-License-Identifier: Apache-2.0
#include "bench/record_set.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "meguri/passport/v1/identity.pb.h"
#include "meguri/passport/v1/material_properties.pb.h"
#include "record/audience.h"
#include "record/header.h"

namespace meguri::bench {
namespace {

// Two languages of the description carry the filling; a Text takes at most 4,096 bytes of each.
constexpr size_t kLanguageBytesMax = 4096;

std::string RandomText(size_t size, Random& random) {
  std::string bytes(size, '\0');
  random.Fill({reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()});
  std::string text = absl::WebSafeBase64Escape(bytes);
  text.resize(size);
  return text;
}

std::string RandomHex(Random& random) {
  const std::array<uint8_t, 8> bytes = random.Bytes<8>();
  return ToHex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::string RandomUuid(Random& random) {
  const std::string hex = RandomHex(random) + RandomHex(random);
  return absl::StrCat(hex.substr(0, 8), "-", hex.substr(8, 4), "-4", hex.substr(13, 3), "-a", hex.substr(17, 3), "-",
                      hex.substr(20));
}

record::v1::PublishRequest ToRequest(std::vector<record::v1::Publication> batch, Random& random) {
  record::v1::PublishRequest request;
  request.set_request_id(RandomUuid(random));
  for (record::v1::Publication& publication : batch) {
    *request.add_publications() = std::move(publication);
  }
  return request;
}

passport::v1::Identity LotIdentity(const std::string& lot) {
  passport::v1::Identity identity;
  identity.mutable_name()->set_ja("再生ポリプロピレン ペレット");
  identity.mutable_name()->set_en("Recycled polypropylene pellets");
  identity.set_product_group("plastic-lot");
  identity.set_granularity(passport::v1::GRANULARITY_BATCH);
  identity.set_gtin("04912345301017");
  identity.set_lot(lot);
  identity.set_produced_on("2026-10-06");
  identity.set_country_of_production("JP");
  identity.mutable_mass_kg()->set_value("20000");
  return identity;
}

}  // namespace

std::string RecordSet::NextPayload() {
  passport::v1::Identity identity = LotIdentity(RandomHex(random_));
  // Empty texts are not on the wire: one byte in each shows what the fields cost.
  identity.mutable_description()->set_ja("-");
  identity.mutable_description()->set_en("-");
  const size_t slack = 8;  // lengths of more than 127 take another byte, in up to three places
  const size_t without = identity.ByteSizeLong() + slack;
  const size_t filling = payload_bytes_ > without ? payload_bytes_ - without : 2;
  const size_t first = std::min(filling / 2, kLanguageBytesMax);
  identity.mutable_description()->set_ja(RandomText(first, random_));
  identity.mutable_description()->set_en(RandomText(std::min(filling - first, kLanguageBytesMax), random_));
  return identity.SerializeAsString();
}

absl::StatusOr<std::vector<record::v1::Publication>> RecordSet::NextBatch(size_t count) {
  std::vector<passport::RecordDraft> contents;
  contents.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    passport::RecordDraft content;
    content.record_type = record::v1::RECORD_TYPE_MATERIAL_PASSPORT;
    content.sections.push_back(
        {record::v1::SECTION_TYPE_IDENTITY, record::AudienceSet::Of({record::v1::AUDIENCE_PUBLIC}), NextPayload()});
    if (has_partner_sections_) {
      passport::v1::MaterialProperties properties;
      properties.add_identification_methods(passport::v1::IDENTIFICATION_METHOD_FTIR);
      content.sections.push_back({record::v1::SECTION_TYPE_MATERIAL_PROPERTIES,
                                  record::AudienceSet::Of({record::v1::AUDIENCE_PARTNERS}),
                                  properties.SerializeAsString()});
    }
    contents.push_back(std::move(content));
  }
  MEGURI_ASSIGN_OR_RETURN(const std::vector<client::VersionDraft> drafts, FirstVersions(std::move(contents)));
  return SealAndSign(drafts);
}

absl::StatusOr<std::vector<client::VersionDraft>> RecordSet::FirstVersions(
    std::vector<passport::RecordDraft> contents) {
  std::vector<client::VersionDraft> drafts;
  for (passport::RecordDraft& content : contents) {
    MEGURI_ASSIGN_OR_RETURN(client::VersionDraft draft, client::FirstVersion(std::move(content), random_));
    drafts.push_back(std::move(draft));
  }
  return drafts;
}

absl::StatusOr<std::vector<record::v1::Publication>> RecordSet::SealAndSign(
    const std::vector<client::VersionDraft>& drafts) {
  std::vector<record::v1::Publication> batch;
  std::vector<record::v1::Publication*> pointers;
  batch.reserve(drafts.size());
  for (const client::VersionDraft& draft : drafts) {
    MEGURI_ASSIGN_OR_RETURN(record::v1::Publication publication,
                            client::Seal(draft, publisher_.id, clock_.Now(), random_));
    batch.push_back(std::move(publication));
    pointers.push_back(&batch.back());
  }
  MEGURI_RETURN_IF_ERROR(client::Sign(pointers, publisher_.key_id, publisher_.signer, random_));
  return batch;
}

absl::StatusOr<record::v1::PublishRequest> RecordSet::NextRequest(size_t count) {
  MEGURI_ASSIGN_OR_RETURN(std::vector<record::v1::Publication> batch, NextBatch(count));
  return ToRequest(std::move(batch), random_);
}

absl::StatusOr<record::v1::PublishRequest> RecordSet::RequestOf(std::vector<passport::RecordDraft> contents) {
  MEGURI_ASSIGN_OR_RETURN(const std::vector<client::VersionDraft> drafts, FirstVersions(std::move(contents)));
  MEGURI_ASSIGN_OR_RETURN(std::vector<record::v1::Publication> batch, SealAndSign(drafts));
  return ToRequest(std::move(batch), random_);
}

absl::StatusOr<record::v1::PublishRequest> RecordSet::RequestOfNext(std::vector<Next> versions) {
  std::vector<client::VersionDraft> drafts;
  for (Next& version : versions) {
    MEGURI_ASSIGN_OR_RETURN(const record::Header newest, record::Header::Parse(version.newest->envelope().header()));
    MEGURI_ASSIGN_OR_RETURN(client::VersionDraft draft, client::NextVersion(std::move(version.content), newest));
    drafts.push_back(std::move(draft));
  }
  MEGURI_ASSIGN_OR_RETURN(std::vector<record::v1::Publication> batch, SealAndSign(drafts));
  return ToRequest(std::move(batch), random_);
}

std::string RecordIdOf(const record::v1::Publication& publication) {
  const absl::StatusOr<record::Header> header = record::Header::Parse(publication.envelope().header());
  Invariant(header.ok(), "a publication of a RecordSet has a sound header");
  return header->record_id().ToString();
}

}  // namespace meguri::bench
