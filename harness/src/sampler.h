#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "result_file.h"

namespace farm {

using Clock = std::chrono::steady_clock;

// A reading that comes from no file: read() gives nothing when there is nothing to read now, and allocates nothing.
struct Probe {
  std::string metric;
  std::string source;
  std::function<std::optional<double>()> read;
};

// Reads temperatures, frequencies, battery and resident memory beside a pass, a few times a second, from files that
// stay open, and from probes; nothing is allocated while it runs. What it finds at its construction is what it reads.
class Sampler {
 public:
  struct Settings {
    std::int64_t hz = 10;
    std::string sys = "/sys";  // other roots for tests
    std::string statm = "/proc/self/statm";
    std::vector<int> measuring_cpus;  // that measuring threads are bound to; the sampler keeps off them when it can
    std::vector<int> allowed_cpus;    // of this process, before any thread was bound
    Clock::time_point epoch;          // at_ns counts from here
    std::int64_t longest_s = 900;     // readings after that are not kept
    bool power = false;               // also the processor's energy counters, which cost a privileged read each, and the chargers
    std::vector<Probe> probes = {};
  };

  explicit Sampler(Settings settings);
  ~Sampler();
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;

  void start();
  void stop();
  // Writes the readings, what was not there and why, and the sampler's own cost. After stop().
  void write(ResultFile& result) const;

 private:
  // A file's text as a value in the metric's unit, or nothing when it holds none. The text ends in a null.
  using Read = std::optional<double> (*)(const char* text);
  struct Source {
    std::string metric;
    std::string name;
    int descriptor;
    Read read;
    std::function<std::optional<double>()> probe;  // set: there is no file
    std::vector<double> values;
    std::vector<std::int64_t> at_ns;
  };
  struct Missing {
    std::string metric;
    std::string reason;
  };

  // A file of every folder below another one, and of which of them.
  struct Wanted {
    std::string metric;
    std::string folder;
    std::string prefix;  // of the folders' names
    std::string file;
    std::string label_file;  // whose text is part of the source's name; "": none
    std::string what;        // for people
    Read read;
    bool (*is_meant)(const std::filesystem::path& folder);
  };

  void find(const Wanted& wanted);
  void find_energy_counters();
  void add(Source source);
  bool add(const std::string& metric, const std::string& name, const std::string& path, Read read);
  void run();
  void read_all();
  void choose_cpu();

  Settings settings_;
  std::vector<Source> sources_;
  std::vector<Missing> missing_;
  std::vector<std::pair<std::string, double>> counter_ranges_uj_;  // where each energy counter begins anew
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  int cpu_ = -1;
  int binding_error_ = 0;  // errno
  std::int64_t cpu_time_ns_ = 0;
  std::int64_t reads_count_ = 0;
};

}  // namespace farm
