#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace farm {

// What the process has used up to now; differences of two readings are what a stretch of work used. Counted from
// the process's start, steal from the machine's. One file for each platform reads it. nullopt: cannot be read here.
struct Usage {
  std::int64_t cpu_time_ns = 0;
  std::int64_t thread_cpu_time_ns = 0;  // of the calling thread
  std::int64_t minor_faults_count = 0;
  std::int64_t major_faults_count = 0;
  std::optional<std::int64_t> voluntary_switches_count;    // a thread gave up its CPU: it waited for something
  std::optional<std::int64_t> involuntary_switches_count;  // the system took it
  std::optional<std::int64_t> run_delay_ns;                // runnable threads waiting for a CPU, over all threads
  std::optional<std::int64_t> steal_ns;                    // the hypervisor gave the CPUs to others, over all CPUs
};

// One figure of the process's memory. Platforms count differently, so each has metrics of its own:
// Linux vm_hwm_bytes (greatest resident size so far), rss_anon_bytes (resident memory that no file backs), pss_bytes (shared pages
// by their share); Darwin phys_footprint_bytes (the greatest footprint so far) and phys_footprint_now_bytes.
struct MemoryReading {
  const char* metric;
  std::optional<std::int64_t> bytes;
  const char* reason;  // why there is none, when there is none
};

struct Pressure {
  std::optional<double> load_1m;
  std::optional<double> cpu_some_avg10_percent;  // /proc/pressure/cpu
};

// Why what this platform does not tell is absent.
struct UsageReasons {
  const char* switches;
  const char* run_delay;
  const char* steal;
  const char* load;
  const char* pressure;
};

// clocks_first: at the end of a stretch, so that reading the slower counts is not counted; at its beginning they come last.
Usage read_usage(bool clocks_first);
// What all CPUs together have done since the device started, in the kernel's ticks, and this process's CPU time.
struct CpuTime {
  std::int64_t total_ns = 0;
  std::int64_t busy_ns = 0;  // for anybody; neither waiting for a disk nor what a hypervisor took
  std::int64_t own_ns = 0;
};

std::vector<MemoryReading> read_memory();  // takes about a millisecond: never within a timed part
Pressure read_pressure();
UsageReasons usage_reasons();
std::optional<CpuTime> read_cpu_time();
// How long the device has been suspended since it started; nullopt: it does not say.
std::optional<std::int64_t> read_asleep_ns();
// The clock that goes on while the device is suspended.
std::optional<std::int64_t> read_boottime_ns();
// The time of day, since 1970.
std::int64_t read_unix_ns();

}  // namespace farm
