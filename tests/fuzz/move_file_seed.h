// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "certs/strict_parse.h"
#include "meguri/storage/v1/moved.pb.h"
#include "record/hash.h"

namespace meguri::fuzz {

// A file of `host export` or `give-back` with these frames (docs/format/move.md).
inline std::string MoveFileOf(const std::vector<storage::v1::MoveFrame>& frames) {
  std::string file = "meguri-move 1\n";
  const auto add = [&file](const std::string& frame) {
    AppendU32(static_cast<uint32_t>(frame.size()), file);
    absl::StrAppend(&file, frame);
  };
  record::Hash digest;
  for (const storage::v1::MoveFrame& frame : frames) {
    const std::string bytes = certs::SerializeForSigning(frame);
    digest = record::Sha256({absl::string_view("meguri/move/v1\0", 15), digest.view(), bytes});
    add(bytes);
  }
  storage::v1::MoveFrame last;
  last.set_digest(digest.ToString());
  add(certs::SerializeForSigning(last));
  return file;
}

// What a host exports of a member with one feed.
inline std::string ExportedFile() {
  std::vector<storage::v1::MoveFrame> frames(3);
  storage::v1::MoveHeader& header = *frames[0].mutable_header();
  header.set_format_version(1);
  header.set_federation("ce.example");
  header.set_participant_id("0199:mill");
  header.set_node_identity("spiffe://ce.example/member/0199/host/node/main");
  header.set_time_ms(1'794'000'000'000);
  header.set_store_format(6);
  header.set_entries(1);
  storage::v1::MovedFeed& feed = *frames[1].mutable_feeds()->add_feeds();
  feed.set_name("public");
  feed.set_epoch(1);
  feed.set_checkpoint("ce.example/meguri/0199/mill/1/public\n0\n\n");
  storage::v1::MovedEntry& entry = *frames[2].mutable_entries()->add_entries();
  entry.set_family(1);
  entry.set_key("k");
  entry.set_value("v");
  return MoveFileOf(frames);
}

// What a follower gives back of one feed of which it has nothing yet.
inline std::string GivenBackFile() {
  std::vector<storage::v1::MoveFrame> frames(2);
  storage::v1::CopyHeader& header = *frames[0].mutable_copied();
  header.set_format_version(1);
  header.set_federation("ce.example");
  header.set_participant_id("0199:mill");
  header.set_holder("0199:follower");
  header.set_time_ms(1'794'000'000'000);
  frames[1].set_target("a head");
  return MoveFileOf(frames);
}

}  // namespace meguri::fuzz
