// SPDX-License-Identifier: Apache-2.0
#include "base/memory.h"

#include <cstddef>  // any header of the C library says whether it is glibc

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace meguri {

void ReturnFreeMemory() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

}  // namespace meguri
