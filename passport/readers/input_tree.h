// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"

namespace meguri::passport {

// A document holds at most so many values, arrays and objects: each takes about 120 bytes of memory.
inline constexpr size_t kInputNodesMax = 500'000;

// What became of a value of a document.
enum class Fate {
  kUntouched,  // nobody asked for it: it has no place in a record
  kMapped,     // its value went into a record
  kImplied,    // it says how other values are to be read: a unit, a language, a name of a scheme, a constant
};

// A node of a document, with texts exactly as they were written. In XML an element is an object, its attributes are
// children named "@name", its text is a child named "#text"; children of one name may occur again and again.
struct InputNode {
  enum class Kind { kNull, kBool, kNumber, kString, kArray, kObject };

  Kind kind = Kind::kNull;
  std::string name;  // of a member of an object; "" in arrays
  std::string text;  // of a leaf: "true", "12.50", "-1.8E308", or the string; "null"
  std::vector<InputNode> children;
  Fate fate = Fate::kUntouched;  // of a leaf; empty arrays and objects are leaves too

  bool is_leaf() const { return children.empty(); }
  bool is_object() const { return kind == Kind::kObject; }
  // The first child of that name, or null.
  InputNode* Find(absl::string_view child_name);
};

// Calls `visit` with every leaf and its path (materials[2].name), in the order of the document.
void ForEachLeaf(InputNode& root, absl::FunctionRef<void(const std::string& path, InputNode& leaf)> visit);

// How many leaves met which fate. They add up: leaves == mapped + implied + untouched.
struct Account {
  size_t leaves = 0;
  size_t mapped = 0;
  size_t implied = 0;
  std::vector<std::pair<std::string, std::string>> untouched;  // path and text, in the order of the document
};
Account AccountOf(InputNode& root);

}  // namespace meguri::passport
