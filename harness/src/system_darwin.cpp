// iOS and macOS. Never compiled by Apple's compiler yet: README.md says what that leaves open.
#include <mach/mach.h>
#include <os/log.h>
#include <os/signpost.h>

#include <cerrno>

#include "page_cache.h"
#include "system.h"

namespace farm {
namespace {

// What Instruments lists: one interval for each pass.
os_log_t signposts() {
  static const os_log_t log = os_log_create("org.phonefarm.harness", "passes");
  return log;
}

}  // namespace

// Neither system lets a program choose its CPUs.
std::vector<int> allowed_cpus() { return {}; }
int bind_thread(const std::vector<int>&) { return ENOTSUP; }

// There is no posix_fadvise here; invalidating a mapping of the whole file drops its clean pages.
void evict(const std::string& path) {
  const Descriptor file(path);
  ::fsync(file.number);
  const Mapping mapping(file);
  if (mapping.there()) ::msync(mapping.start, mapping.size, MS_INVALIDATE);
}

std::optional<Residence> residence(const std::string& path) { return resident_pages<char>(path); }

std::vector<Probe> platform_probes() {
  const auto footprint = []() -> std::optional<double> {
    task_vm_info_data_t info{};
    mach_msg_type_number_t count = TASK_VM_INFO_COUNT;
    if (::task_info(mach_task_self(), TASK_VM_INFO, reinterpret_cast<task_info_t>(&info), &count) != KERN_SUCCESS) return std::nullopt;
    return static_cast<double>(info.phys_footprint);
  };
  return {{"phys_footprint_bytes", "sampler", footprint}};
}

PassInterval::PassInterval(const char* pass) : id_(os_signpost_id_generate(signposts())) {
  os_signpost_interval_begin(signposts(), id_, "pass", "%{public}s", pass);
}

PassInterval::~PassInterval() { os_signpost_interval_end(signposts(), id_, "pass"); }

}  // namespace farm
