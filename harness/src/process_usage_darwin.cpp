// iOS and macOS. Never compiled by Apple's compiler yet: README.md says what that leaves open.
#include <mach/mach.h>
#include <mach/mach_time.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "process_usage.h"

namespace farm {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr const char* kNotTold = "this system does not tell a process";

std::int64_t clock_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

std::int64_t ticks_ns(std::uint64_t ticks) {
  static const mach_timebase_info_data_t base = [] {
    mach_timebase_info_data_t found{};
    mach_timebase_info(&found);
    return found;
  }();
  // In two parts: ticks times numer may not fit (125/3 on Apple's chips).
  return static_cast<std::int64_t>(ticks / base.denom * base.numer + ticks % base.denom * base.numer / base.denom);
}

}  // namespace

Usage read_usage(bool clocks_first) {
  Usage usage;
  if (clocks_first) {
    usage.thread_cpu_time_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    usage.cpu_time_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
  }
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  usage.minor_faults_count = used.ru_minflt;
  usage.major_faults_count = used.ru_majflt;
  if (!clocks_first) {
    usage.cpu_time_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    usage.thread_cpu_time_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
  }
  return usage;
}

// The ledger's peak is what the system's own limit on a process's memory is held against (task_info.h, TASK_VM_INFO, revision 3).
std::vector<MemoryReading> read_memory() {
  task_vm_info_data_t info{};
  mach_msg_type_number_t count = TASK_VM_INFO_COUNT;
  MemoryReading peak{"phys_footprint_bytes", std::nullopt, "task_info tells no peak of the footprint"};
  MemoryReading now{"phys_footprint_now_bytes", std::nullopt, "task_info tells no footprint"};
  if (::task_info(mach_task_self(), TASK_VM_INFO, reinterpret_cast<task_info_t>(&info), &count) == KERN_SUCCESS) {
    if (count >= TASK_VM_INFO_REV1_COUNT) now.bytes = static_cast<std::int64_t>(info.phys_footprint);
    if (count >= TASK_VM_INFO_REV3_COUNT && info.ledger_phys_footprint_peak > 0) peak.bytes = info.ledger_phys_footprint_peak;
  }
  return {peak, now};
}

Pressure read_pressure() {
  double loads[1] = {};
  Pressure pressure;
  if (::getloadavg(loads, 1) == 1) pressure.load_1m = loads[0];
  return pressure;
}

std::optional<CpuTime> read_cpu_time() {
  host_cpu_load_info_data_t load{};
  mach_msg_type_number_t count = HOST_CPU_LOAD_INFO_COUNT;
  if (::host_statistics(mach_host_self(), HOST_CPU_LOAD_INFO, reinterpret_cast<host_info_t>(&load), &count) != KERN_SUCCESS)
    return std::nullopt;
  const auto tick_ns = kSecond / ::sysconf(_SC_CLK_TCK);
  CpuTime time;
  time.own_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
  for (const auto ticks : load.cpu_ticks) time.total_ns += static_cast<std::int64_t>(ticks) * tick_ns;
  time.busy_ns = time.total_ns - static_cast<std::int64_t>(load.cpu_ticks[CPU_STATE_IDLE]) * tick_ns;
  return time;
}

// ru_nivcsw is every switch but those of BSD's own sleeps (calcru() in XNU's bsd/kern/kern_resource.c), so most waits are among them.
UsageReasons usage_reasons() {
  return {"this system does not count the two kinds apart", kNotTold, kNotTold, "the system tells no load",
          "this system has no such figure"};
}

// The continuous clock goes on while the device is asleep, the absolute one stands still.
std::optional<std::int64_t> read_asleep_ns() { return ticks_ns(mach_continuous_time() - mach_absolute_time()); }

std::optional<std::int64_t> read_boottime_ns() { return ticks_ns(mach_continuous_time()); }

std::int64_t read_unix_ns() { return clock_ns(CLOCK_REALTIME); }

}  // namespace farm
