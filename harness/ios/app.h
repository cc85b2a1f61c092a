#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sampler.h"

// What the app does, less everything that needs Apple's frameworks: protocol/ios-app.md says it for the other side.
namespace farm {

// What only an app can say of the phone, in the units of protocol/ios-app.md. nullopt: it is not told.
struct DeviceState {
  std::optional<int> thermal_state;  // as ProcessInfo counts: 0 nominal, 1 fair, 2 serious, 3 critical
  std::optional<bool> low_power_mode;
  std::optional<double> brightness_ratio;
  std::optional<double> battery_level_percent;
  std::optional<std::int64_t> memory_available_bytes;
  double uptime_s = 0;
};

// Asked from any thread, often: it allocates nothing.
using ReadState = std::function<DeviceState()>;
using Environment = std::map<std::string, std::string>;

// What the sampler reads of it beside a pass.
std::vector<Probe> state_probes(const ReadState& read);

// Does what the environment asks for, in the working folder (the app's Documents), and returns the exit code with which the
// process is to end; nullopt when nothing is asked for: somebody opened the app by hand.
std::optional<int> serve(const Environment& environment, const std::vector<std::string>& words, const ReadState& read);

}  // namespace farm
