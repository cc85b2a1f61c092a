#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace farm {

// Returns text as a JSON string with its quotes. Control characters are escaped; bytes that are not UTF-8
// become U+FFFD, so that a line is always valid JSON.
std::string json_quoted(std::string_view text);

// Returns a number as JSON. Throws Error("not_a_number") for NaN and infinity: they are no measurements.
std::string json_number(double value);

// Builds one JSON object, its fields in the order of the calls.
class JsonObject {
 public:
  JsonObject& text(std::string_view name, std::string_view value);
  JsonObject& integer(std::string_view name, std::int64_t value);
  JsonObject& number(std::string_view name, double value);
  JsonObject& boolean(std::string_view name, bool value);
  JsonObject& numbers(std::string_view name, const std::vector<double>& values);
  JsonObject& integers(std::string_view name, const std::vector<std::int64_t>& values);
  JsonObject& texts(std::string_view name, const std::vector<std::string>& values);
  JsonObject& object(std::string_view name, const JsonObject& value);
  JsonObject& objects(std::string_view name, const std::vector<JsonObject>& values);

  std::string str() const { return "{" + body_ + "}"; }

 private:
  JsonObject& raw(std::string_view name, std::string_view value);

  std::string body_;
};

}  // namespace farm
