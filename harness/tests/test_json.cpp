#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "error.h"
#include "json.h"

using namespace farm;

TEST_CASE("text is quoted so that every line stays valid JSON") {
  CHECK(json_quoted("plain") == "\"plain\"");
  CHECK(json_quoted("a\"b\\c") == "\"a\\\"b\\\\c\"");
  CHECK(json_quoted("line\nend\x01\x7f") == "\"line\\u000aend\\u0001\\u007f\"");
  CHECK(json_quoted("gr\xC3\xBC\xC3\x9F") == "\"gr\xC3\xBC\xC3\x9F\"");
}

TEST_CASE("bytes that are not UTF-8 become the replacement character") {
  CHECK(json_quoted("\xFF") == "\"\\ufffd\"");
  CHECK(json_quoted("a\xC3") == "\"a\\ufffd\"");                      // cut off
  CHECK(json_quoted("\xC0\xAF") == "\"\\ufffd\\ufffd\"");             // overlong
  CHECK(json_quoted("\xED\xA0\x80") == "\"\\ufffd\\ufffd\\ufffd\"");  // a surrogate
}

TEST_CASE("numbers are the shortest that read back the same") {
  CHECK(json_number(0.1) == "0.1");
  CHECK(json_number(41.0) == "41");
  CHECK(std::stod(json_number(1.0 / 3)) == 1.0 / 3);
}

TEST_CASE("what is not a finite number is never written") {
  CHECK_THROWS_AS(json_number(std::nan("")), Error);
  CHECK_THROWS_AS(json_number(std::numeric_limits<double>::infinity()), Error);
}

TEST_CASE("an object keeps the order of its fields") {
  JsonObject inner;
  inner.boolean("yes", true);
  CHECK(JsonObject().text("b", "x").integers("a", {1, -2}).object("c", inner).texts("d", {}).str() ==
        R"({"b":"x","a":[1,-2],"c":{"yes":true},"d":[]})");
}
