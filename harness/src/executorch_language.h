#pragma once

#include <executorch/extension/tensor/tensor_ptr_maker.h>
#include <executorch/runtime/core/data_loader.h>
#include <executorch/runtime/executor/program.h>

#include <memory>
#include <vector>

#include "runtime.h"

namespace farm {

// What a program that takes these inputs says of itself as a language model; nothing when it is none.
std::optional<LanguageModelInfo> language_model(const ::executorch::runtime::Program& program, const std::vector<TensorInfo>& inputs);

// Whether the program calls ExecuTorch's fused attention.
bool has_fused_attention(::executorch::runtime::DataLoader& loader);

// The two inputs of a language model. Those of each length are made once, and only filled after that.
class TokenInputs {
 public:
  explicit TokenInputs(const LanguageModelInfo& model) : every_position_(model.position_input == "all") {}

  void expect(std::size_t count);
  // The inputs for tokens that were expected in this number, the first of which stands at position start.
  const std::vector<::executorch::extension::TensorPtr>& filled(const std::int64_t* tokens, std::size_t count, std::int64_t start);

 private:
  struct Length {
    std::vector<std::int64_t> ids;
    std::vector<std::int64_t> positions;
    std::vector<::executorch::extension::TensorPtr> tensors;
  };
  Length* of(std::size_t count);

  bool every_position_;
  std::vector<std::unique_ptr<Length>> lengths_;
};

}  // namespace farm
