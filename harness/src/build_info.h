#pragma once

#include <string>
#include <vector>

// How this program was built. FARM_SOURCE_HASH, FARM_BUILD_TYPE, FARM_COMPILER and FARM_TARGET come from CMake.
namespace farm {

#ifdef NDEBUG
constexpr bool kAssertions = false;
#else
constexpr bool kAssertions = true;
#endif

inline std::vector<std::string> sanitizers() {
  std::vector<std::string> names;
#if defined(__SANITIZE_ADDRESS__)
  names.emplace_back("address");
#endif
#if defined(__SANITIZE_THREAD__)
  names.emplace_back("thread");
#endif
#if defined(FARM_SANITIZED)
  names.emplace_back("undefined");
#endif
  return names;
}

}  // namespace farm
