#pragma once

#include <string>
#include <vector>

#include "runtime.h"
#include "sampler.h"

namespace farm {

// Measures one pass of one model in this process and writes the raw readings; judges nothing. words are the arguments of
// protocol/README.md; probes is what the sampler reads beside what the platform's files tell. Returns the exit code: 0 measured, 2 wrong
// arguments, 3 an `error` line was written, 4 the result could not be written.
int run_harness(const std::vector<std::string>& words, const Runtime& runtime, std::vector<Probe> probes);

}  // namespace farm
