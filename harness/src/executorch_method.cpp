#include "executorch_method.h"

#include "executorch_errors.h"

namespace farm {

namespace et = ::executorch::runtime;

LoadedMethod::LoadedMethod(const et::Program& program, const std::string& name, et::EventTracer* tracer) {
  const auto meta = program.method_meta(name.c_str());
  if (!meta.ok()) fail(meta.error(), "the model has no method \"" + name + "\"", "model_invalid");
  for (std::size_t id = 0; id < meta->num_memory_planned_buffers(); ++id) {
    const auto bytes = meta->memory_planned_buffer_size(id);
    if (!bytes.ok()) fail(bytes.error(), "the memory plan of \"" + name + "\" cannot be read", "model_invalid");
    buffers_.emplace_back(static_cast<std::size_t>(*bytes));
    spans_.emplace_back(buffers_.back().data(), buffers_.back().size());
  }
  planned_ = std::make_unique<et::HierarchicalAllocator>(et::Span<et::Span<std::uint8_t>>(spans_.data(), spans_.size()));
  memory_ = std::make_unique<et::MemoryManager>(&own_, planned_.get(), &temporary_);
  auto loaded = program.load_method(name.c_str(), memory_.get(), tracer);
  if (!loaded.ok()) fail(loaded.error(), "the method \"" + name + "\" cannot be loaded", "model_invalid");
  method_ = std::make_unique<et::Method>(std::move(*loaded));
}

std::optional<std::int64_t> constant(const et::Program& program, const std::string& name) {
  if (!program.method_meta(name.c_str()).ok()) return std::nullopt;
  LoadedMethod method(program, name);
  check(method.get().execute(), "the method \"" + name + "\" failed");
  const auto& value = method.get().get_output(0);
  if (value.isInt()) return value.toInt();
  if (value.isBool()) return value.toBool() ? 1 : 0;
  return std::nullopt;
}

}  // namespace farm
