#pragma once

#include <executorch/runtime/core/error.h>

#include <string>

namespace farm {

// What the runtime has logged as errors since it was last cleared; the reasons stand there.
std::string& last_log();

// Throws Error of the class that an ExecuTorch error belongs to; fallback_class is for errors that say nothing of their cause.
[[noreturn]] void fail(::executorch::runtime::Error error, const std::string& what, const std::string& fallback_class = {});

// Fails unless error is Ok.
void check(::executorch::runtime::Error error, const std::string& what);

}  // namespace farm
