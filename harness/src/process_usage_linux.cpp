#include <dirent.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <memory>
#include <numeric>
#include <sstream>

#include "process_usage.h"

namespace farm {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

std::int64_t clock_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

std::string file_text(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  return text.str();
}

// Returns the number that follows key in text, or nothing when there is none.
template <typename Number>
std::optional<Number> number_after(const std::string& text, const std::string& key) {
  const auto at = text.find(key);
  if (at == std::string::npos) return std::nullopt;
  const auto from = text.find_first_not_of(" \t", at + key.size());
  if (from == std::string::npos) return std::nullopt;
  std::istringstream rest(text.substr(from));
  Number value{};
  return rest >> value ? std::optional<Number>(value) : std::nullopt;
}

std::optional<std::int64_t> bytes_after(const std::string& text, const std::string& key) {
  const auto kilobytes = number_after<std::int64_t>(text, key);
  return kilobytes ? std::optional<std::int64_t>(*kilobytes * 1024) : std::nullopt;
}

// The second number of each thread's schedstat (Documentation/scheduler/sched-stats.rst).
std::optional<std::int64_t> run_delay_ns() {
  const std::unique_ptr<DIR, int (*)(DIR*)> tasks(::opendir("/proc/self/task"), ::closedir);
  if (!tasks) return std::nullopt;
  std::optional<std::int64_t> total;
  while (const auto* entry = ::readdir(tasks.get())) {
    if (entry->d_name[0] == '.') continue;
    std::istringstream text(file_text(std::string("/proc/self/task/") + entry->d_name + "/schedstat"));
    std::int64_t running_ns = 0;
    std::int64_t waiting_ns = 0;
    if (text >> running_ns >> waiting_ns) total = total.value_or(0) + waiting_ns;
  }
  return total;
}

// The cpu line of /proc/stat, over all CPUs: user nice system idle iowait irq softirq steal, in clock ticks (proc_stat(5)).
std::optional<std::array<std::int64_t, 8>> all_cpus_ns() {
  std::istringstream text(file_text("/proc/stat"));
  std::string name;
  text >> name;
  std::array<std::int64_t, 8> times{};
  for (auto& time : times) {
    text >> time;
    time *= kSecond / ::sysconf(_SC_CLK_TCK);
  }
  return text && name == "cpu" ? std::optional(times) : std::nullopt;
}

constexpr std::size_t kIdle = 3, kIoWait = 4, kSteal = 7;

}  // namespace

Usage read_usage(bool clocks_first) {
  Usage usage;
  if (clocks_first) {
    usage.thread_cpu_time_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    usage.cpu_time_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
  }
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  usage.voluntary_switches_count = used.ru_nvcsw;
  usage.involuntary_switches_count = used.ru_nivcsw;
  usage.minor_faults_count = used.ru_minflt;
  usage.major_faults_count = used.ru_majflt;
  usage.run_delay_ns = run_delay_ns();
  if (const auto times = all_cpus_ns()) usage.steal_ns = (*times)[kSteal];
  if (!clocks_first) {  // the process's clock outside of the thread's: a thread never uses more than its process
    usage.cpu_time_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    usage.thread_cpu_time_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
  }
  return usage;
}

std::vector<MemoryReading> read_memory() {
  const auto status = file_text("/proc/self/status");
  const auto rollup = file_text("/proc/self/smaps_rollup");
  return {{"vm_hwm_bytes", bytes_after(status, "VmHWM:"), "/proc/self/status has no VmHWM"},
          {"rss_anon_bytes", bytes_after(status, "RssAnon:"), "/proc/self/status has no RssAnon"},
          {"pss_bytes", bytes_after(rollup, "\nPss:"), "/proc/self/smaps_rollup cannot be read"}};
}

Pressure read_pressure() {
  return {number_after<double>(file_text("/proc/loadavg"), ""), number_after<double>(file_text("/proc/pressure/cpu"), "some avg10=")};
}

std::optional<CpuTime> read_cpu_time() {
  const auto times = all_cpus_ns();
  if (!times) return std::nullopt;
  CpuTime time;
  time.own_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
  time.total_ns = std::accumulate(times->begin(), times->end(), std::int64_t{0});
  time.busy_ns = time.total_ns - (*times)[kIdle] - (*times)[kIoWait] - (*times)[kSteal];
  return time;
}

UsageReasons usage_reasons() {
  return {"getrusage tells none", "/proc/self/task/*/schedstat cannot be read", "/proc/stat cannot be read", "/proc/loadavg cannot be read",
          "/proc/pressure/cpu cannot be read"};
}

// The boot clock goes on while the device is suspended, the monotonic one stands still (clock_gettime(2)).
std::optional<std::int64_t> read_asleep_ns() { return clock_ns(CLOCK_BOOTTIME) - clock_ns(CLOCK_MONOTONIC); }

std::optional<std::int64_t> read_boottime_ns() { return clock_ns(CLOCK_BOOTTIME); }

std::int64_t read_unix_ns() { return clock_ns(CLOCK_REALTIME); }

}  // namespace farm
