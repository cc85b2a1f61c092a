#include <sched.h>

#include <cerrno>

#include "page_cache.h"
#include "system.h"

namespace farm {

std::vector<int> allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cpus;
  if (::sched_getaffinity(0, sizeof(set), &set) != 0) return cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(static_cast<std::size_t>(cpu), &set)) cpus.push_back(cpu);
  }
  return cpus;
}

int bind_thread(const std::vector<int>& cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : cpus) CPU_SET(static_cast<std::size_t>(cpu), &set);
  return ::sched_setaffinity(0, sizeof(set), &set) == 0 ? 0 : errno;
}

// Only clean pages go, hence the fsync.
void evict(const std::string& path) {
  const Descriptor file(path);
  ::fsync(file.number);
  ::posix_fadvise(file.number, 0, 0, POSIX_FADV_DONTNEED);
}

std::optional<Residence> residence(const std::string& path) { return resident_pages<unsigned char>(path); }

std::vector<Probe> platform_probes() { return {}; }

PassInterval::PassInterval(const char*) {}
PassInterval::~PassInterval() = default;

}  // namespace farm
