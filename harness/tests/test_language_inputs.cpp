#include <doctest/doctest.h>

#include "language_inputs.h"

using namespace farm;

namespace {

TensorInfo whole(std::vector<std::int64_t> shape) { return {"int64", std::move(shape), 0}; }

}  // namespace

TEST_CASE("a language model takes tokens, and the first one's position or every one's") {
  CHECK(position_input({whole({1, 128}), whole({1})}) == "start");
  CHECK(position_input({whole({1, 128}), whole({128})}) == "all");
  CHECK(position_input({whole({1, 1}), whole({1})}) == "start");
}

TEST_CASE("an encoder, which takes ids and a mask, is no language model, and neither is what takes other numbers") {
  CHECK_FALSE(position_input({whole({1, 128}), whole({1, 128})}));
  CHECK_FALSE(position_input({whole({1, 128})}));
  CHECK_FALSE(position_input({whole({1, 128}), whole({1}), whole({1})}));
  CHECK_FALSE(position_input({whole({128}), whole({1})}));
  CHECK_FALSE(position_input({{"float32", {1, 128}, 0}, whole({1})}));
  CHECK_FALSE(position_input({whole({1, 128}), {"int32", {1}, 0}}));
}
