// SPDX-License-Identifier: Apache-2.0
// A target needs a source file; what is wanted of it are its precompiled headers.
