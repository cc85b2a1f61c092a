#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime.h"

namespace farm {

// How a model that takes these inputs is told positions, as LanguageModelInfo has it; nothing for one that is no language model.
// Exported language models take two int64 inputs: ids [1, S], and positions [1] or [S]. Two of [1, S] are an encoder's ids and mask.
std::optional<std::string> position_input(const std::vector<TensorInfo>& inputs);

}  // namespace farm
