#include <doctest/doctest.h>

#include <cstring>

#include "strided.h"

using namespace farm;

namespace {

std::vector<float> floats_of(const Bytes& bytes) {
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

}  // namespace

TEST_CASE("gaps between rows are left out, and the last axis runs fastest") {
  const std::vector<float> padded = {1, 2, 3, -1, 4, 5, 6, -1};
  const auto* data = reinterpret_cast<const std::byte*>(padded.data());
  CHECK(floats_of(dense(data, {2, 3}, {4, 1}, sizeof(float))) == std::vector<float>{1, 2, 3, 4, 5, 6});
  CHECK(floats_of(dense(data, {3, 2}, {1, 4}, sizeof(float))) == std::vector<float>{1, 4, 2, 5, 3, 6});
  CHECK(floats_of(dense(data, {2, 2, 2}, {4, 2, 1}, sizeof(float))) == std::vector<float>{1, 2, 3, -1, 4, 5, 6, -1});
}

TEST_CASE("an array without dimensions is one element, one with an empty axis none") {
  const float one = 7;
  const auto* data = reinterpret_cast<const std::byte*>(&one);
  CHECK(floats_of(dense(data, {}, {}, sizeof(float))) == std::vector<float>{7});
  CHECK(dense(data, {3, 0}, {1, 1}, sizeof(float)).empty());
}
