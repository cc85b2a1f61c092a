// What ExecuTorch logs and returns -> Error with its class and reasons.

#include "executorch_errors.h"

#include <executorch/runtime/platform/platform.h>

#include <cstdio>
#include <set>
#include <string_view>

#include "error.h"

namespace farm {
namespace {

namespace et = ::executorch::runtime;

constexpr std::size_t kLogBytes = 4096;

void keep_log(et_timestamp_t, et_pal_log_level_t level, const char* file, const char*, std::size_t line, const char* message, std::size_t) {
  std::fprintf(stderr, "%c %s:%zu] %s\n", static_cast<char>(level), file, line, message);
  if (level != et_pal_log_level_t::kError && level != et_pal_log_level_t::kFatal) return;
  auto& text = last_log();
  if (text.size() < kLogBytes) text += std::string(message) + "\n";
}

const bool log_is_kept = et::register_pal(et::PalImpl::create(keep_log, __FILE__));

std::string error_class_of(et::Error error) {
  switch (error) {
    case et::Error::OperatorMissing: return "operator_missing";
    case et::Error::MemoryAllocationFailed:
    case et::Error::OutOfResources:
    case et::Error::DelegateMemoryAllocationFailed: return "out_of_memory";
    case et::Error::InvalidProgram:
    case et::Error::InvalidExternalData:
    case et::Error::DelegateInvalidCompatibility: return "model_invalid";
    case et::Error::AccessFailed: return "model_unreadable";
    default: return "execution_failed";
  }
}

// Names the operators, each once, of log lines such as "Missing operator: [2] aten::foo.out".
std::string missing_operators(const std::string& log) {
  constexpr std::string_view mark = "Missing operator: ";
  std::set<std::string> names;
  for (std::size_t at = log.find(mark); at != std::string::npos; at = log.find(mark, at + 1)) {
    const auto line = log.substr(at + mark.size(), log.find('\n', at) - at - mark.size());
    const auto bracket = line.find("] ");
    names.insert(bracket == std::string::npos ? line : line.substr(bracket + 2));
  }
  std::string list;
  for (const auto& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

}  // namespace

std::string& last_log() {
  static std::string text;
  return text;
}

void fail(et::Error error, const std::string& what, const std::string& fallback_class) {
  auto error_class = error_class_of(error);
  if (error_class == "execution_failed" && !fallback_class.empty()) error_class = fallback_class;
  std::string message = what + " (ExecuTorch error " + std::to_string(static_cast<std::int64_t>(error)) + ")";
  if (error_class == "operator_missing") message = what + ": the runtime has no operator " + missing_operators(last_log());
  throw Error(error_class, message, last_log(), static_cast<std::int64_t>(error));
}

void check(et::Error error, const std::string& what) {
  if (error != et::Error::Ok) fail(error, what);
}

}  // namespace farm
