// SPDX-License-Identifier: Apache-2.0
#include "passport/readers/table.h"

namespace meguri::passport {

std::string ColumnName(size_t column) {
  std::string name;
  for (size_t rest = column + 1; rest > 0; rest = (rest - 1) / 26) {
    name.insert(name.begin(), static_cast<char>('A' + (rest - 1) % 26));
  }
  return name;
}

}  // namespace meguri::passport
