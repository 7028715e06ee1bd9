// SPDX-License-Identifier: Apache-2.0
#include "storage/fsck_anchor.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/commit_keys.h"

namespace meguri::storage {

void CheckAnchor(const StoreReader& store, AnchorReader& anchor, std::vector<OwnHead> own_heads, Findings& findings) {
  const auto commit = ReadNumber(store, kCommitKey);
  const auto state = anchor.Read();
  if (!findings.IsOk("number of the last commit", commit.status()) || !findings.IsOk("ANCHOR", state.status())) {
    return;
  }
  const uint64_t stored = commit->value_or(0);
  if (!state->has_value()) {
    if (stored > 0 || !own_heads.empty()) {
      findings.AddProblem("the store holds commits but there is no ANCHOR file, or a new one");
    }
    return;
  }
  if (stored < (*state)->commit) {
    findings.AddProblem(
        absl::StrCat("the store ends at commit ", stored, " but commit ", (*state)->commit, " was acknowledged"));
  } else if (stored > (*state)->commit + 1) {
    findings.AddProblem(absl::StrCat("the store is at commit ", stored, " and the ANCHOR file at ", (*state)->commit,
                                     ", which no crash explains: it is an old copy"));
  } else if (stored == (*state)->commit && OwnHeadsDigest(std::move(own_heads)) != (*state)->own_heads) {
    // One commit ahead is what a crash may leave; then the anchor tells of heads that are gone.
    findings.AddProblem("the own feeds, rebuilt from their entries, are not those that the ANCHOR file tells of");
  }
}

}  // namespace meguri::storage
