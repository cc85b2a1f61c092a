// Language models: how they are told from others, and how tokens are fed to them.

#include "executorch_language.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "error.h"
#include "executorch_method.h"
#include "language_inputs.h"

namespace farm {

using ::executorch::aten::ScalarType;

std::optional<LanguageModelInfo> language_model(const ::executorch::runtime::Program& program, const std::vector<TensorInfo>& inputs) {
  const auto positions = position_input(inputs);
  if (!positions) return std::nullopt;
  LanguageModelInfo model;
  const auto tokens = inputs[0].shape[1];
  model.position_input = *positions;
  model.max_context_tokens = constant(program, "get_max_context_len");
  if (!model.max_context_tokens) model.max_context_tokens = constant(program, "get_max_seq_len");
  model.vocabulary = constant(program, "get_vocab_size");
  model.many_tokens_at_once = tokens > 1 && constant(program, "enable_dynamic_shape").value_or(1) != 0;
  return model;
}

// The operators' names stand in the program's own part of the file,
// which its extended header measures (at byte 8: magic, length of the header, size of the program).
bool has_fused_attention(::executorch::runtime::DataLoader& loader) {
  constexpr std::size_t kHeadBytes = 24;
  constexpr std::size_t kSizeAt = 16;
  using Info = ::executorch::runtime::DataLoader::SegmentInfo;
  const auto size = loader.size();
  if (!size.ok() || *size < kHeadBytes) return false;
  const auto head = loader.load(0, kHeadBytes, Info(Info::Type::Program));
  if (!head.ok()) return false;
  std::uint64_t program_bytes = *size;
  const auto* bytes = static_cast<const char*>(head->data());
  if (std::memcmp(bytes + 8, "eh00", 4) == 0) std::memcpy(&program_bytes, bytes + kSizeAt, sizeof(program_bytes));
  const auto program = loader.load(0, std::min<std::size_t>(program_bytes, *size), Info(Info::Type::Program));
  if (!program.ok()) return false;
  const std::string_view text(static_cast<const char*>(program->data()), program->size());
  return text.find("llama::custom_sdpa") != std::string_view::npos || text.find("llama::sdpa_with_kv_cache") != std::string_view::npos;
}

void TokenInputs::expect(std::size_t count) {
  for (const std::size_t length : {count, std::size_t{1}}) {
    if (of(length) != nullptr) continue;
    auto made = std::make_unique<Length>();
    made->ids.resize(length);
    made->positions.resize(every_position_ ? length : 1);
    const auto size = static_cast<::executorch::aten::SizesType>(length);
    const auto positions = static_cast<::executorch::aten::SizesType>(made->positions.size());
    made->tensors.push_back(::executorch::extension::from_blob(made->ids.data(), {1, size}, ScalarType::Long));
    made->tensors.push_back(::executorch::extension::from_blob(made->positions.data(), {positions}, ScalarType::Long));
    lengths_.push_back(std::move(made));
  }
}

const std::vector<::executorch::extension::TensorPtr>& TokenInputs::filled(const std::int64_t* tokens, std::size_t count,
                                                                           std::int64_t start) {
  auto* inputs = of(count);
  if (inputs == nullptr) throw Error("unsupported", std::to_string(count) + " tokens were fed that had not been expected");
  std::copy(tokens, tokens + count, inputs->ids.begin());
  for (auto& position : inputs->positions) position = start++;
  return inputs->tensors;
}

TokenInputs::Length* TokenInputs::of(std::size_t count) {
  const auto found = std::find_if(lengths_.begin(), lengths_.end(), [&](const auto& one) { return one->ids.size() == count; });
  return found == lengths_.end() ? nullptr : found->get();
}

}  // namespace farm
