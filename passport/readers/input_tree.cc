// SPDX-License-Identifier: Apache-2.0
#include "passport/readers/input_tree.h"

#include <map>

#include "absl/strings/str_cat.h"

namespace meguri::passport {
namespace {

using Visit = absl::FunctionRef<void(const std::string& path, InputNode& leaf)>;

// Recursion is bounded: readers bound the depth.
void Walk(InputNode& node, const std::string& path, Visit visit) {
  if (node.is_leaf()) {
    visit(path, node);
    return;
  }
  std::map<absl::string_view, size_t> counts;
  for (const InputNode& child : node.children) {
    ++counts[child.name];
  }
  std::map<absl::string_view, size_t> seen;
  for (InputNode& child : node.children) {
    std::string child_path = path;
    if (!child.name.empty()) {
      absl::StrAppend(&child_path, path.empty() ? "" : ".", child.name);
    }
    if (child.name.empty() || counts[child.name] > 1) {
      absl::StrAppend(&child_path, "[", seen[child.name]++, "]");
    }
    Walk(child, child_path, visit);
  }
}

}  // namespace

InputNode* InputNode::Find(absl::string_view child_name) {
  for (InputNode& child : children) {
    if (child.name == child_name) {
      return &child;
    }
  }
  return nullptr;
}

void ForEachLeaf(InputNode& root, Visit visit) { Walk(root, "", visit); }

Account AccountOf(InputNode& root) {
  Account account;
  ForEachLeaf(root, [&account](const std::string& path, InputNode& leaf) {
    ++account.leaves;
    if (leaf.fate == Fate::kMapped) {
      ++account.mapped;
    } else if (leaf.fate == Fate::kImplied) {
      ++account.implied;
    } else {
      account.untouched.emplace_back(path, leaf.text);
    }
  });
  return account;
}

}  // namespace meguri::passport
