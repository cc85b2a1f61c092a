#include "sampler.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "system.h"

namespace farm {
namespace {

namespace fs = std::filesystem;

std::string first_line(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::vector<fs::path> entries(const fs::path& folder, const std::string& prefix) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), none; !error && entry != none; entry.increment(error)) {
    if (entry->path().filename().string().rfind(prefix, 0) == 0) found.push_back(entry->path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

// Reads the number at a place among the numbers of a text that ends in a null; anything else than numbers gives nothing.
// (strtod, because the C++ library of the NDK has no from_chars of real numbers.)
std::optional<double> number_at(const char* text, int field) {
  for (int place = 0;; ++place) {
    while (*text == ' ' || *text == '\n') ++text;
    if (*text != '-' && (*text < '0' || *text > '9')) return std::nullopt;
    char* stopped = nullptr;
    const double value = std::strtod(text, &stopped);
    if (stopped == text || (*stopped != '\0' && *stopped != ' ' && *stopped != '\n')) return std::nullopt;
    if (place == field) return value;
    text = stopped;
  }
}

// Reads a file from its beginning into text, a null behind it; false when there is nothing.
bool read_text(int descriptor, std::array<char, 256>& text) {
  const auto length = ::pread(descriptor, text.data(), text.size() - 1, 0);
  if (length <= 0) return false;
  text[static_cast<std::size_t>(length)] = '\0';
  return true;
}

}  // namespace

Sampler::Sampler(Settings settings) : settings_(std::move(settings)) {
  if (settings_.hz == 0) {
    missing_.push_back({"sampler_cpu_ns", "the sampler is off"});
    return;
  }
  add("rss_bytes", "", settings_.statm, static_cast<double>(::sysconf(_SC_PAGESIZE)), 1);
  const auto supplies = settings_.sys + "/class/power_supply";
  find("temperature_c", settings_.sys + "/class/thermal", "thermal_zone", "temp", "type", 1e-3, "thermal zone");
  find("frequency_hz", settings_.sys + "/devices/system/cpu/cpufreq", "policy", "scaling_cur_freq", "", 1e3, "cpufreq policy");
  find("frequency_cap_hz", settings_.sys + "/devices/system/cpu/cpufreq", "policy", "scaling_max_freq", "", 1e3, "cpufreq policy");
  find("battery_current_ua", supplies, "", "current_now", "", 1, "battery current");
  find("battery_voltage_uv", supplies, "", "voltage_now", "", 1, "battery voltage");
  find("battery_temperature_c", supplies, "", "temp", "", 0.1, "battery temperature");
  find("battery_level_percent", supplies, "", "capacity", "", 1, "battery level");
  if (settings_.energy_counters) find_energy_counters();
  for (const auto& probe : settings_.probes) add({probe.metric, probe.source, -1, 1, 0, probe.read, {}, {}});
  choose_cpu();
}

Sampler::~Sampler() {
  stop();
  for (const auto& source : sources_) {
    if (!source.probe) ::close(source.descriptor);
  }
}

void Sampler::find(const std::string& metric, const std::string& folder, const std::string& prefix, const std::string& file,
                   const std::string& label_file, double factor, const std::string& what) {
  bool readable = false;
  bool there = false;
  for (const auto& entry : entries(folder, prefix)) {
    std::error_code error;
    if (!fs::exists(entry / file, error)) continue;
    there = true;
    auto name = entry.filename().string();
    if (!label_file.empty()) name += " " + first_line(entry / label_file);
    readable = add(metric, name, (entry / file).string(), factor, 0) || readable;
  }
  if (!readable) missing_.push_back({metric, there ? "no " + what + " may be read here" : "this device shows no " + what});
}

// Cumulative microjoules that begin anew at a stated range (Documentation/power/powercap/powercap.rst).
void Sampler::find_energy_counters() {
  const auto folder = settings_.sys + "/class/powercap";
  if (entries(folder, "").empty()) return;  // phones have none: no lack to tell of
  find("energy_counter_uj", folder, "", "energy_uj", "name", 1, "energy counter");
  for (const auto& source : sources_) {
    if (source.metric != "energy_counter_uj") continue;
    const auto line = first_line(fs::path(folder) / source.name.substr(0, source.name.find(' ')) / "max_energy_range_uj");
    if (const auto range = number_at(line.c_str(), 0)) counter_ranges_uj_.emplace_back(source.name, *range);
  }
}

bool Sampler::add(const std::string& metric, const std::string& name, const std::string& path, double factor, int field) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  std::array<char, 256> text{};
  if (!read_text(descriptor, text) || !number_at(text.data(), field)) {
    ::close(descriptor);
    return false;
  }
  add({metric, name, descriptor, factor, field, {}, {}, {}});
  return true;
}

void Sampler::add(Source source) {
  const auto room = static_cast<std::size_t>(settings_.hz * settings_.longest_s);
  sources_.push_back(std::move(source));
  sources_.back().values.reserve(room);
  sources_.back().at_ns.reserve(room);
}

// The last CPU that is allowed to us and that no measuring thread is bound to. None when the measuring threads are not bound:
// they may be anywhere.
void Sampler::choose_cpu() {
  const auto& taken = settings_.measuring_cpus;
  if (taken.empty()) return;
  for (const int cpu : settings_.allowed_cpus) {
    if (std::find(taken.begin(), taken.end(), cpu) == taken.end()) cpu_ = cpu;
  }
}

void Sampler::start() {
  if (settings_.hz > 0) thread_ = std::thread([this] { run(); });
}

void Sampler::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Sampler::run() {
  if (cpu_ >= 0) binding_error_ = bind_thread({cpu_});
  const auto period = std::chrono::nanoseconds(std::chrono::seconds(1)) / settings_.hz;
  auto next = Clock::now();
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    read_all();
    next += period;
    wake_.wait_until(lock, next, [this] { return stopping_; });
  }
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  cpu_time_ns_ = used.tv_sec * 1'000'000'000 + used.tv_nsec;
}

void Sampler::read_all() {
  std::array<char, 256> text{};
  for (auto& source : sources_) {
    if (source.values.size() == source.values.capacity()) continue;
    const bool there = !source.probe && read_text(source.descriptor, text);
    const auto probed = source.probe ? source.probe() : std::nullopt;
    const auto at = Clock::now() - settings_.epoch;
    ++reads_count_;
    const auto value = there ? number_at(text.data(), source.field) : probed;
    if (!value) continue;  // a reading that failed is none
    source.values.push_back(*value * source.factor);
    source.at_ns.push_back(std::chrono::duration_cast<std::chrono::nanoseconds>(at).count());
  }
}

void Sampler::write(ResultFile& result) const {
  for (const auto& source : sources_) {
    if (source.probe && source.values.empty()) {
      result.absent(source.metric, "nothing was told of it during the pass", source.name);
      continue;
    }
    // An empty name would make it the run's own reading: resident memory over time is context, not the headline.
    result.series(source.metric, source.values, source.at_ns, source.name.empty() ? "sampler" : source.name);
  }
  for (const auto& [name, range_uj] : counter_ranges_uj_) result.series("energy_counter_range_uj", std::vector<double>{range_uj}, {}, name);
  for (const auto& missing : missing_) result.absent(missing.metric, missing.reason);
  if (settings_.hz == 0) return;
  result.series("sampler_cpu_ns", std::vector<std::int64_t>{cpu_time_ns_});
  result.series("sampler_reads_count", std::vector<std::int64_t>{reads_count_});
  if (settings_.measuring_cpus.empty()) return;
  if (cpu_ < 0) {
    result.absent("sampler_cpu_index", "no CPU is left beside the measuring ones: the sampler ran on them");
  } else if (binding_error_ != 0) {
    const auto why = std::generic_category().message(binding_error_);
    result.absent("sampler_cpu_index",
                  "the sampler ran on the measuring CPUs: it cannot be bound to CPU " + std::to_string(cpu_) + ": " + why);
  } else {
    result.series("sampler_cpu_index", std::vector<std::int64_t>{cpu_});
  }
}

}  // namespace farm
