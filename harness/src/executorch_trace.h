#pragma once

#include <executorch/runtime/core/event_tracer.h>

#include <string>

#include "trace.h"

namespace farm {

// Hands what ExecuTorch and its delegates time on to a trace. Tensors are not logged.
class OperatorTracer final : public ::executorch::runtime::EventTracer {
 public:
  // delegate: what computes the delegate calls of the method.
  explicit OperatorTracer(std::string delegate) : delegate_(std::move(delegate)) {}

  Trace& trace() { return trace_; }

  void create_event_block(const char*) override {}
  ::executorch::runtime::EventTracerEntry start_profiling(const char* name, ::executorch::runtime::ChainID chain,
                                                          ::executorch::runtime::DebugHandle instruction) override;
  void end_profiling(::executorch::runtime::EventTracerEntry) override { trace_.close(); }
  ::executorch::runtime::EventTracerEntry start_profiling_delegate(const char* name, ::executorch::runtime::DelegateDebugIntId id) override;
  void end_profiling_delegate(::executorch::runtime::EventTracerEntry, const void*, std::size_t) override { trace_.close(); }
  // Of a delegate that knows its operators' times only afterwards.
  void log_profiling_delegate(const char* name, ::executorch::runtime::DelegateDebugIntId id, et_timestamp_t start, et_timestamp_t end,
                              const void*, std::size_t) override;

  void track_allocation(::executorch::runtime::AllocatorID, std::size_t) override {}
  ::executorch::runtime::AllocatorID track_allocator(const char*) override { return 0; }
  ::executorch::runtime::Result<bool> log_evalue(const ::executorch::runtime::EValue&, ::executorch::runtime::LoggedEValueType) override {
    return false;
  }
  using Id = ::executorch::runtime::DelegateDebugIntId;
  ::executorch::runtime::Result<bool> log_intermediate_output_delegate(const char*, Id, const ::executorch::aten::Tensor&) override {
    return false;
  }
  ::executorch::runtime::Result<bool> log_intermediate_output_delegate(
      const char*, Id, const ::executorch::runtime::ArrayRef<::executorch::aten::Tensor>) override {
    return false;
  }
  ::executorch::runtime::Result<bool> log_intermediate_output_delegate(const char*, Id, const int&) override { return false; }
  ::executorch::runtime::Result<bool> log_intermediate_output_delegate(const char*, Id, const bool&) override { return false; }
  ::executorch::runtime::Result<bool> log_intermediate_output_delegate(const char*, Id, const double&) override { return false; }
  void set_delegation_intermediate_output_filter(::executorch::runtime::EventTracerFilterBase*) override {}

 private:
  PartMark in_delegate(const char* name, Id id) const;

  std::string delegate_;
  Trace trace_;
};

}  // namespace farm
