#pragma once

#include <cstddef>
#include <vector>

#include "runtime.h"

namespace farm {

// Copies an array whose rows may have gaps between them (strides, in elements) into one without: row-major, nothing between elements.
// data is that of the first element. No dimensions: one element.
Bytes dense(const std::byte* data, const std::vector<std::size_t>& shape, const std::vector<std::size_t>& strides, std::size_t item_bytes);

}  // namespace farm
