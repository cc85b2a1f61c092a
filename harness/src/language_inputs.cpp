#include "language_inputs.h"

#include <algorithm>

namespace farm {

std::optional<std::string> position_input(const std::vector<TensorInfo>& inputs) {
  const auto whole = [](const TensorInfo& input) { return input.dtype == "int64"; };
  if (inputs.size() != 2 || !std::all_of(inputs.begin(), inputs.end(), whole)) return std::nullopt;
  const auto& ids = inputs[0].shape;
  const auto& positions = inputs[1].shape;
  if (ids.size() != 2 || positions.size() != 1) return std::nullopt;
  return positions[0] == 1 ? "start" : "all";
}

}  // namespace farm
