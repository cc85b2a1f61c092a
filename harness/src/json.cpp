#include "json.h"

#include <array>
#include <charconv>
#include <cmath>

#include "error.h"

namespace farm {
namespace {

// Returns the length in bytes of the UTF-8 sequence at the front of text, or 0 when there is none
// (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t place) { return static_cast<unsigned char>(text[place]); };
  const auto follows = [&](std::size_t place, unsigned low = 0x80, unsigned high = 0xBF) {
    return place < text.size() && byte(place) >= low && byte(place) <= high;
  };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return follows(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const unsigned low = lead == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = lead == 0xED ? 0x9F : 0xBF;
    return follows(1, low, high) && follows(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const unsigned low = lead == 0xF0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xF4 ? 0x8F : 0xBF;
    return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

template <typename Value, typename Written>
std::string joined(const std::vector<Value>& values, Written written) {
  std::string list = "[";
  for (const auto& value : values) {
    if (list.size() > 1) list += ',';
    list += written(value);
  }
  return list + "]";
}

}  // namespace

std::string json_quoted(std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string quoted = "\"";
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text.front());
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      quoted += "\\ufffd";
    } else if (byte == '"' || byte == '\\') {
      quoted += '\\';
      quoted += text.front();
    } else if (byte < 0x20 || byte == 0x7F) {
      quoted += "\\u00";
      quoted += hex[byte >> 4U];
      quoted += hex[byte & 0xFU];
    } else {
      quoted += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return quoted + "\"";
}

std::string json_number(double value) {
  if (!std::isfinite(value)) throw Error("not_a_number", "a reading is not a finite number");
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;  // the shortest that reads back the same
  return {text.data(), end};
}

JsonObject& JsonObject::raw(std::string_view name, std::string_view value) {
  if (!body_.empty()) body_ += ',';
  body_ += json_quoted(name);
  body_ += ':';
  body_ += value;
  return *this;
}

JsonObject& JsonObject::text(std::string_view name, std::string_view value) { return raw(name, json_quoted(value)); }

JsonObject& JsonObject::integer(std::string_view name, std::int64_t value) { return raw(name, std::to_string(value)); }

JsonObject& JsonObject::number(std::string_view name, double value) { return raw(name, json_number(value)); }

JsonObject& JsonObject::boolean(std::string_view name, bool value) { return raw(name, value ? "true" : "false"); }

JsonObject& JsonObject::numbers(std::string_view name, const std::vector<double>& values) { return raw(name, joined(values, json_number)); }

JsonObject& JsonObject::integers(std::string_view name, const std::vector<std::int64_t>& values) {
  return raw(name, joined(values, [](std::int64_t value) { return std::to_string(value); }));
}

JsonObject& JsonObject::texts(std::string_view name, const std::vector<std::string>& values) {
  return raw(name, joined(values, json_quoted));
}

JsonObject& JsonObject::object(std::string_view name, const JsonObject& value) { return raw(name, value.str()); }

JsonObject& JsonObject::objects(std::string_view name, const std::vector<JsonObject>& values) {
  return raw(name, joined(values, [](const JsonObject& value) { return value.str(); }));
}

}  // namespace farm
