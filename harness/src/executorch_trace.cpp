#include "executorch_trace.h"

#include <executorch/runtime/platform/clock.h>

#include <string_view>

namespace farm {

namespace et = ::executorch::runtime;

namespace {

// What the runtime calls an instruction that a delegate computes.
constexpr std::string_view kDelegateCall = "DELEGATE_CALL";

}  // namespace

// What the codegen layer around kernels times is given no instruction: it is the one that the method has set.
et::EventTracerEntry OperatorTracer::start_profiling(const char* name, et::ChainID chain, et::DebugHandle instruction) {
  const bool stated = chain != et::kUnsetChainId || instruction != et::kUnsetDebugHandle;
  const bool placed = (stated ? chain : chain_id_) != et::kUnsetChainId;
  PartMark mark{name};
  if (placed) mark.instruction = static_cast<std::int64_t>(stated ? instruction : debug_handle_);
  if (mark.name == kDelegateCall) mark.delegate = delegate_;
  trace_.open(mark);
  return {};
}

et::EventTracerEntry OperatorTracer::start_profiling_delegate(const char* name, et::DelegateDebugIntId id) {
  trace_.open(in_delegate(name, id));
  return {};
}

void OperatorTracer::log_profiling_delegate(const char* name, et::DelegateDebugIntId id, et_timestamp_t start, et_timestamp_t end,
                                            const void*, std::size_t) {
  trace_.add(in_delegate(name, id), static_cast<std::int64_t>(end > start ? et::ticks_to_ns(end - start) : 0));
}

PartMark OperatorTracer::in_delegate(const char* name, et::DelegateDebugIntId id) const {
  PartMark mark{name == nullptr ? std::string_view() : std::string_view(name), delegate_};
  if (id != et::kUnsetDelegateDebugIntId) mark.debug_id = id;
  return mark;
}

}  // namespace farm
