#include "strided.h"

#include <cstring>

namespace farm {

Bytes dense(const std::byte* data, const std::vector<std::size_t>& shape, const std::vector<std::size_t>& strides, std::size_t item_bytes) {
  std::size_t count = 1;
  for (const auto size : shape) count *= size;
  Bytes bytes(count * item_bytes);
  std::vector<std::size_t> place(shape.size(), 0);
  for (std::size_t done = 0; done < count; ++done) {
    std::size_t from = 0;
    for (std::size_t axis = 0; axis < shape.size(); ++axis) from += place[axis] * strides[axis];
    std::memcpy(bytes.data() + done * item_bytes, data + from * item_bytes, item_bytes);
    for (auto axis = shape.size(); axis-- > 0;) {  // the last axis runs fastest
      if (++place[axis] < shape[axis]) break;
      place[axis] = 0;
    }
  }
  return bytes;
}

}  // namespace farm
