#include "app.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>

#include "harness.h"
#include "json.h"

namespace farm {
namespace {

constexpr int kProtocolOfApp = 1;
constexpr int kNoSuchRuntime = 2;
constexpr int kUnwritable = 4;
constexpr std::array<const char*, 4> kThermalStates = {"nominal", "fair", "serious", "critical"};
// On the scale of Android's PowerManager: fair is light, serious is severe.
constexpr std::array<double, 4> kThermalStatus = {0, 1, 3, 4};

// Writes a file under another name first: a reader finds it whole, or not at all.
bool write_whole(const std::string& path, const std::string& text) {
  const auto partial = path + ".partial";
  {
    std::ofstream file(partial, std::ios::binary | std::ios::trunc);
    file << text;
    if (!file.flush()) return false;
  }
  return std::rename(partial.c_str(), path.c_str()) == 0;
}

bool is_known(std::optional<int> thermal_state) {
  return thermal_state && *thermal_state >= 0 && *thermal_state < static_cast<int>(kThermalStates.size());
}

std::string told(const DeviceState& state) {
  JsonObject object;
  object.integer("protocol", kProtocolOfApp);
  if (is_known(state.thermal_state)) object.text("thermal_state", kThermalStates[static_cast<std::size_t>(*state.thermal_state)]);
  if (state.low_power_mode) object.boolean("low_power_mode", *state.low_power_mode);
  if (state.brightness_ratio) object.number("brightness_ratio", *state.brightness_ratio);
  if (state.memory_available_bytes) object.integer("memory_available_bytes", *state.memory_available_bytes);
  return object.number("uptime_s", state.uptime_s).str();
}

std::string value_of(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

// Sends standard output and error into a file.
bool log_into(const std::string& path) {
  const int log = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (log < 0) return false;
  const bool sent = ::dup2(log, STDOUT_FILENO) >= 0 && ::dup2(log, STDERR_FILENO) >= 0;
  ::close(log);
  return sent;
}

int measured(const std::string& runtime, const std::vector<std::string>& words, const ReadState& read) {
  const auto& linked = linked_runtimes();
  const auto found = std::find_if(linked.begin(), linked.end(), [&](const Runtime* one) { return runtime == one->name; });
  if (found == linked.end()) {
    std::fprintf(stderr, "farm: this harness was built without %s\n", runtime.c_str());
    return kNoSuchRuntime;
  }
  return run_harness(words, **found, state_probes(read));
}

}  // namespace

std::vector<Probe> state_probes(const ReadState& read) {
  const auto thermal = [read]() -> std::optional<double> {
    const auto state = read().thermal_state;
    return is_known(state) ? std::optional<double>(kThermalStatus[static_cast<std::size_t>(*state)]) : std::nullopt;
  };
  const auto low_power = [read]() -> std::optional<double> {
    const auto mode = read().low_power_mode;
    return mode ? std::optional<double>(*mode ? 1 : 0) : std::nullopt;
  };
  return {{"thermal_status_index", "app", thermal},
          {"low_power_ratio", "app", low_power},
          {"brightness_ratio", "app", [read] { return read().brightness_ratio; }},
          {"battery_level_percent", "app", [read] { return read().battery_level_percent; }}};
}

std::optional<int> serve(const Environment& environment, const std::vector<std::string>& words, const ReadState& read) {
  const auto probe = value_of(environment, "FARM_PROBE");
  if (!probe.empty()) return write_whole(probe, told(read())) ? 0 : kUnwritable;
  const auto run = value_of(environment, "FARM_RUN");
  if (run.empty()) return std::nullopt;
  if (!log_into(run + "/log")) return kUnwritable;
  if (!write_whole(run + "/started", JsonObject().integer("pid", ::getpid()).str())) return kUnwritable;
  const int code = measured(value_of(environment, "FARM_RUNTIME"), words, read);
  std::fflush(nullptr);
  return write_whole(run + "/exit", std::to_string(code)) ? code : kUnwritable;
}

}  // namespace farm
