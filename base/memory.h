// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace meguri {

// Gives the memory that is free within the heap back to the system, which the C library keeps for itself otherwise:
// after a start or a burst of work, half of a node. Takes milliseconds. Does nothing where the C library has no such
// call.
void ReturnFreeMemory();

}  // namespace meguri
