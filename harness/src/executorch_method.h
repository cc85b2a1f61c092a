#pragma once

#include <executorch/extension/memory_allocator/malloc_memory_allocator.h>
#include <executorch/runtime/core/event_tracer.h>
#include <executorch/runtime/executor/program.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace farm {

// A method of a program with the memory it needs. Throws Error when it cannot be loaded.
class LoadedMethod {
 public:
  // The tracer, when there is one, must outlive it.
  LoadedMethod(const ::executorch::runtime::Program& program, const std::string& name,
               ::executorch::runtime::EventTracer* tracer = nullptr);

  ::executorch::runtime::Method& get() { return *method_; }
  const ::executorch::runtime::Method& get() const { return *method_; }

 private:
  ::executorch::extension::MallocMemoryAllocator own_;
  ::executorch::extension::MallocMemoryAllocator temporary_;
  std::vector<std::vector<std::uint8_t>> buffers_;
  std::vector<::executorch::runtime::Span<std::uint8_t>> spans_;
  std::unique_ptr<::executorch::runtime::HierarchicalAllocator> planned_;
  std::unique_ptr<::executorch::runtime::MemoryManager> memory_;
  std::unique_ptr<::executorch::runtime::Method> method_;
};

// What a constant method such as get_vocab_size gives, or nothing when the program has no such method.
std::optional<std::int64_t> constant(const ::executorch::runtime::Program& program, const std::string& name);

}  // namespace farm
