// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace meguri {

// Gives the memory that the allocator keeps for later back to the system: after a start, a third of a node. Takes
// milliseconds. Does nothing in a program without meguri_allocator (cmake/targets.cmake).
void ReturnFreeMemory();

}  // namespace meguri
