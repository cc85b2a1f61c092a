#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace farm {

// Something that ends the measurement. error_class is one of the protocol's words; the message is one sentence
// that names the thing. Thrown anywhere, caught once in main().
struct Error : std::runtime_error {
  Error(std::string error_class_, const std::string& message, std::string detail_ = {}, std::optional<std::int64_t> code_ = std::nullopt)
      : std::runtime_error(message), error_class(std::move(error_class_)), detail(std::move(detail_)), code(code_) {}

  std::string error_class;
  std::string detail;                // the runtime's own last words, may be empty
  std::optional<std::int64_t> code;  // the runtime's own error code
};

}  // namespace farm
