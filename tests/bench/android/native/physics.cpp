#include "physics.h"

#include <dirent.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "laws.h"

namespace bench {
namespace {

void settle(double& value, double target, double dt_s, double tau_s) { value += (target - value) * (1 - std::exp(-dt_s / tau_s)); }

void start(State& state, const Texts& profile) {
  const double ambient_c = number(profile, "ambient_c", 24);
  state["ambient_c"] = ambient_c;
  state["skin_c"] = ambient_c + 3;
  state["soc_c"] = ambient_c + 6;
  state["battery_c"] = ambient_c + 2;
  state["charge_uah"] = number(profile, "capacity_uah", 4e6) * 0.8;
  state["plugged"] = 2;
  state["screen"] = 1;
  state["brightness"] = 102;
  state["thermal_override"] = -1;
  state["security_settings"] = number(profile, "shell_may_change", 1);
  state["charge_limit"] = 100;
  state["thermal_speed"] = 1;
  state["time_s"] = now_s();
  state["cpu_s"] = cpu_time_s();
}

// Watts that the phone takes now; those of the CPU apart, in cpu_w.
double power_w(const State& state, const Texts& profile, double* cpu_w) {
  const double speed = speed_at(status_of(state.get("skin_c", 25), profile));
  *cpu_w = state.get("load_cores", 0) * number(profile, "core_w", 2.2) * speed;
  const double screen_w = state.get("screen", 1) > 0 ? 0.25 + 0.7 * state.get("brightness", 0) / 255 : 0;
  const double radio_w = state.get("airplane", 0) > 0 ? 0.01 : 0.12;
  return number(profile, "idle_w", 0.3) + screen_w + radio_w + *cpu_w;
}

// Amperes out of a battery at whose terminals so many watts are taken: its inner resistance takes its share of the open voltage.
double drain_a(double open_v, double watts) {
  return (open_v - std::sqrt(std::max(0.0, open_v * open_v - 4 * kInner_ohm * watts))) / (2 * kInner_ohm);
}

// Amperes into the battery: negative when it is drained.
double battery_a(const State& state, const Texts& profile, double watts) {
  const double level = 100 * state.get("charge_uah", 0) / number(profile, "capacity_uah", 4e6);
  const double volts = open_voltage(level);
  const int plugged = static_cast<int>(state.get("plugged", 0));
  if (plugged == 0) return level <= 0 ? 0 : -drain_a(volts, watts);
  const double charger_w = plugged == 1 ? number(profile, "ac_w", 15) : number(profile, "usb_w", 4.5);
  const double limit = state.get("charge_limit", 100);
  if (level >= limit - 0.05) return std::min(0.0, (charger_w - watts) / volts);
  const double taper_a = std::max(0.05, (100 - level) / 10 * number(profile, "taper_a", 2));
  return std::min((charger_w - watts) / volts, taper_a);
}

void count_energy(State& state, const Texts& profile, double dt_s, double watts, double cpu_w) {
  const Numbers parts = {{"big", 0.62 * cpu_w},
                         {"mid", 0.26 * cpu_w},
                         {"little", 0.12 * cpu_w + 0.03},
                         {"memory", 0.05 + 0.06 * cpu_w},
                         {"display", state.get("screen", 1) > 0 ? 0.25 + 0.7 * state.get("brightness", 0) / 255 : 0.0},
                         {"radio", state.get("airplane", 0) > 0 ? 0.01 : 0.12},
                         {"rest", 0.02 * watts + 0.01}};
  for (const auto& [key, part] : profile) {
    if (key.rfind("rail.", 0) != 0) continue;
    const auto found = parts.find(part);
    state["energy." + key.substr(5)] += (found == parts.end() ? 0 : found->second) * dt_s * 1e6;
  }
}

}  // namespace

double now_s() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

double cpu_time_s() {
  double ticks = 0;
  DIR* folder = ::opendir("/proc");
  if (folder == nullptr) return 0;
  while (const dirent* entry = ::readdir(folder)) {
    const int pid = std::atoi(entry->d_name);
    if (pid <= 0) continue;
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(file, text);
    const auto name_end = text.rfind(')');
    if (name_end == std::string::npos) continue;
    std::istringstream fields(text.substr(name_end + 2));
    std::string skipped;
    for (int i = 3; i < 14; ++i) fields >> skipped;
    double user = 0, system = 0, children_user = 0, children_system = 0;
    fields >> user >> system >> children_user >> children_system;
    ticks += children_user + children_system + (pid == 1 ? 0 : user + system);
  }
  ::closedir(folder);
  return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

void advance(State& state, const Texts& profile) {
  if (state.get("time_s", 0) == 0) start(state, profile);
  const double now = now_s(), dt_s = now - state["time_s"];
  if (dt_s < 0.02) return;
  const double cpu_s = cpu_time_s();
  const double burnt_s = std::max(0.0, cpu_s - state["cpu_s"]);
  state["time_s"] = now;
  state["cpu_s"] = cpu_s;
  state["busy_s"] += burnt_s;
  settle(state["load_cores"], burnt_s / dt_s, dt_s, 0.3);

  double cpu_w = 0;
  const double watts = power_w(state, profile, &cpu_w), ambient_c = state["ambient_c"];
  const double thermal_s = dt_s * state["thermal_speed"];
  const double charging_w = state["plugged"] > 0 ? 0.3 : 0;
  settle(state["skin_c"], ambient_c + (watts + charging_w) * number(profile, "skin_k_per_w", 3.6), thermal_s,
         number(profile, "skin_s", 60));
  if (state.all().count("hold_skin_c") > 0) state["skin_c"] = state["hold_skin_c"];
  settle(state["soc_c"], state["skin_c"] + 3 + cpu_w * 5.5, thermal_s, 2);
  settle(state["battery_c"], ambient_c + 0.75 * (state["skin_c"] - ambient_c), thermal_s, 90);
  const int status = status_of(state["skin_c"], profile);
  if (status != static_cast<int>(state.get("cached_status", -1))) {  // what the framework heard of last
    for (const char* key : {"skin_c", "soc_c", "battery_c"}) state[std::string("cached_") + key] = state[key];
    state["cached_status"] = status;
  }

  state["power_w"] = watts;
  state["drawn_uj"] += watts * dt_s * 1e6;
  const double amperes = battery_a(state, profile, watts);
  state["current_a"] = amperes;
  const double capacity = number(profile, "capacity_uah", 4e6);
  state["charge_uah"] = std::clamp(state["charge_uah"] + amperes * 1e6 * dt_s / 3600, 0.0, capacity);
  count_energy(state, profile, dt_s, watts, cpu_w);
}

}  // namespace bench
