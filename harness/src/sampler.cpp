#include "sampler.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <system_error>

#include "kernel_text.h"
#include "system.h"

namespace farm {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> entries(const fs::path& folder, const std::string& prefix) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), none; !error && entry != none; entry.increment(error)) {
    if (entry->path().filename().string().rfind(prefix, 0) == 0) found.push_back(entry->path());
  }
  std::sort(found.begin(), found.end());
  return found;
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
  add("rss_bytes", "", settings_.statm, resident_bytes);
  const auto zones = settings_.sys + "/class/thermal";
  const auto policies = settings_.sys + "/devices/system/cpu/cpufreq";
  const auto supplies = settings_.sys + "/class/power_supply";
  find({"temperature_c", zones, "thermal_zone", "temp", "type", "thermal zone", zone_c, is_thermometer});
  find({"frequency_hz", policies, "policy", "scaling_cur_freq", "", "cpufreq policy", khz_as_hz, is_any});
  find({"frequency_cap_hz", policies, "policy", "scaling_max_freq", "", "cpufreq policy", khz_as_hz, is_any});
  find({"battery_current_printed", supplies, "", "current_now", "", "battery current", printed_current, is_battery});
  find({"battery_voltage_uv", supplies, "", "voltage_now", "", "battery voltage", voltage_uv, is_battery});
  find({"battery_temperature_c", supplies, "", "temp", "", "battery temperature", tenths_as_c, is_battery});
  find({"battery_level_percent", supplies, "", "capacity", "", "battery level", percent, is_battery});
  if (settings_.power) {
    find({"battery_discharging_ratio", supplies, "", "status", "", "battery status", discharging, is_battery});
    find({"supply_online_ratio", supplies, "", "online", "", "charger", number, is_charger});
    find_energy_counters();
  }
  for (const auto& probe : settings_.probes) add({probe.metric, probe.source, -1, nullptr, probe.read, {}, {}});
  choose_cpu();
}

Sampler::~Sampler() {
  stop();
  for (const auto& source : sources_) {
    if (!source.probe) ::close(source.descriptor);
  }
}

void Sampler::find(const Wanted& wanted) {
  bool readable = false;
  bool there = false;
  for (const auto& entry : entries(wanted.folder, wanted.prefix)) {
    std::error_code error;
    if (!fs::exists(entry / wanted.file, error) || !wanted.is_meant(entry)) continue;
    there = true;
    auto name = entry.filename().string();
    if (!wanted.label_file.empty()) name += " " + first_line(entry / wanted.label_file);
    readable = add(wanted.metric, name, (entry / wanted.file).string(), wanted.read) || readable;
  }
  if (!readable)
    missing_.push_back({wanted.metric, there ? "no " + wanted.what + " can be read here" : "this device shows no " + wanted.what});
}

// Cumulative microjoules that begin anew at a stated range (Documentation/power/powercap/powercap.rst).
void Sampler::find_energy_counters() {
  const auto folder = settings_.sys + "/class/powercap";
  if (entries(folder, "").empty()) return;  // phones have none: no lack to tell of
  find({"energy_counter_uj", folder, "", "energy_uj", "name", "energy counter", number, is_any});
  for (const auto& source : sources_) {
    if (source.metric != "energy_counter_uj") continue;
    const auto line = first_line(fs::path(folder) / source.name.substr(0, source.name.find(' ')) / "max_energy_range_uj");
    if (const auto range = number(line.c_str())) counter_ranges_uj_.emplace_back(source.name, *range);
  }
}

bool Sampler::add(const std::string& metric, const std::string& name, const std::string& path, Read read) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  std::array<char, 256> text{};
  if (!read_text(descriptor, text) || !read(text.data())) {
    ::close(descriptor);
    return false;
  }
  add({metric, name, descriptor, read, {}, {}, {}});
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
    do next += period;
    while (next <= Clock::now());  // what was missed, because a file or the CPU took long, is not made up for beside the pass
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
    const auto value = there ? source.read(text.data()) : probed;
    if (!value) continue;  // a reading that failed is none
    source.values.push_back(*value);
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
