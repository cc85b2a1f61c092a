#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sampler.h"

// What the harness needs of the operating system beside readings; one file for each platform.
namespace farm {

// The CPUs that the calling thread may run on; empty when the kernel does not say.
std::vector<int> allowed_cpus();
// Binds the calling thread, and with it every thread that it makes later, to these CPUs. Returns an errno, 0 when that was done.
int bind_thread(const std::vector<int>& cpus);

// A file's pages, and those of them that are in the page cache.
struct Residence {
  std::int64_t resident_bytes = 0;
  std::int64_t bytes = 0;
};

// Asks the kernel to drop a file from its page cache; residence() tells whether it did. Throws Error("model_unreadable").
void evict(const std::string& path);
// How much of a file is in the page cache; nullopt when the kernel does not say. Throws Error("model_unreadable").
std::optional<Residence> residence(const std::string& path);

// What this platform's sampler reads of the process without a file.
std::vector<Probe> platform_probes();

// A pass as an interval in the system's own tracing tool (Instruments, by os_signpost), where it has one.
class PassInterval {
 public:
  explicit PassInterval(const char* pass);
  ~PassInterval();
  PassInterval(const PassInterval&) = delete;
  PassInterval& operator=(const PassInterval&) = delete;

 private:
  [[maybe_unused]] std::uint64_t id_ = 0;
};

}  // namespace farm
