#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "error.h"
#include "items.h"
#include "scratch.h"

using namespace farm;

namespace {

const std::string kItems = std::string(FARM_EXAMPLES) + "/items";

}  // namespace

TEST_CASE("the example of items for a classifier is read: three items of two inputs") {
  ItemFile items(kItems + "/classify.items");
  CHECK(items.kind() == ItemKind::kClassify);
  CHECK(items.count() == 3);
  CHECK(items.sizes() == std::vector<std::size_t>{8, 3});
  float pixels[2] = {};
  unsigned char flags[3] = {};
  for (int item = 0; item < 3; ++item) {
    items.read(pixels, sizeof(pixels));
    items.read(flags, sizeof(flags));
    CHECK(pixels[0] == static_cast<float>(item));
    CHECK(pixels[1] == 0.5F);
    CHECK(flags[2] == 100 + item);
  }
}

TEST_CASE("the example of texts is read: two of them, of different length") {
  ItemFile items(kItems + "/tokens.items");
  CHECK(items.kind() == ItemKind::kTokens);
  CHECK(items.sizes() == std::vector<std::size_t>{4, 2});
  std::int64_t tokens[6] = {};
  items.read(tokens, sizeof(tokens));
  CHECK(std::vector<std::int64_t>(tokens, tokens + 6) == std::vector<std::int64_t>{1, 2, 3, 5, 7, 0});
  CHECK_THROWS_WITH_AS(items.read(tokens, 1), doctest::Contains("cannot be read to its end"), Error);
}

TEST_CASE("what is no whole file of items is refused for the reason in its name") {
  std::size_t seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kItems + "/invalid")) {
    ++seen;
    auto reason = entry.path().stem().stem().string();
    std::replace(reason.begin(), reason.end(), '_', ' ');
    CHECK_THROWS_WITH_AS(ItemFile(entry.path().string()), doctest::Contains(reason.c_str()), Error);
  }
  CHECK(seen >= 10);
  CHECK_THROWS_WITH_AS(ItemFile(kItems + "/nothing"), doctest::Contains("cannot be opened"), Error);
}

TEST_CASE("an output that cannot be written ends the measurement") {
  const Scratch scratch;
  CHECK_THROWS_AS(ItemOutput(scratch.file("no/folder")), Error);
  ItemOutput full("/dev/full");
  full.write("x", 1);
  CHECK_THROWS_AS(full.end(), Error);
}
