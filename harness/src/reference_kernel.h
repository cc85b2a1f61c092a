#pragma once

#include <cstdint>
#include <vector>

namespace farm {

// A fixed computation, timed again and again on the calling thread: its time follows the clock speed of the CPU that the
// thread is on, and nothing else. Timed before and after a pass, it shows a CPU that slowed down meanwhile also where no
// file tells. Of an accelerator, or of memory, it says nothing.
std::vector<std::int64_t> time_reference_kernel();

}  // namespace farm
