// What a simulated phone says of its state.
#pragma once

#include <string>

#include "store.h"

namespace bench {

// Everything that a text may name, as text: readings in several units and both signs, words, and the state of the framework.
Texts readings(const State& state, const Texts& profile);

// Put readings into a text, for @NAME@. What is not a reading stays.
std::string filled(const std::string& text, const Texts& readings);

}  // namespace bench
