#include "physics.h"

#include <dirent.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace bench {
namespace {

double number(const Texts& profile, const std::string& key, double otherwise) {
  const auto found = profile.find(key);
  return found == profile.end() ? otherwise : std::atof(found->second.c_str());
}

// Thermal status of AOSP from a skin temperature: none, light, moderate, severe, critical, emergency, shutdown.
int status_of(double skin_c, const Texts& profile) {
  const double first_c = number(profile, "throttle_c", 39);
  int status = 0;
  for (const double above_c : {0.0, 3.0, 6.0, 9.0, 12.0, 16.0}) status += skin_c >= first_c + above_c;
  return status;
}

// What is left of the clock speed at a thermal status.
double speed_at(int status) {
  constexpr double kSpeed[] = {1.0, 0.9, 0.75, 0.6, 0.45, 0.35, 0.25};
  return kSpeed[std::clamp(status, 0, 6)];
}

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

double open_voltage(double level) { return 3.45 + 0.0095 * std::clamp(level, 0.0, 100.0); }

constexpr double kInner_ohm = 0.055;

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

namespace {

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string whole(double value) { return std::to_string(std::llround(value)); }

// Every sensor is a little restless: within 1.2 % up or down, four times a second, and the same for all who look at once.
double restless(double value, double now) {
  const auto step = static_cast<unsigned long>(now * 4) * 2654435761UL;
  return value * (1 + 0.012 * (static_cast<double>((step >> 7) % 2001) / 1000 - 1));
}

void add_temperature(Texts& out, const std::string& name, double value_c) {
  out[name + "_c"] = fixed(value_c, 3);
  out[name + "_mc"] = whole(value_c * 1000);
  out[name + "_dc"] = whole(value_c * 10);
}

void add_temperatures(Texts& out, const State& state, int status) {
  const double skin_c = state.get("skin_c", 25), soc_c = state.get("soc_c", 25);
  add_temperature(out, "skin", skin_c);
  add_temperature(out, "soc", soc_c);
  add_temperature(out, "soc2", soc_c - 1.7);
  add_temperature(out, "soc3", soc_c - 3.1);
  add_temperature(out, "gpu", skin_c + 0.4 * (soc_c - skin_c));
  add_temperature(out, "usb", skin_c - 1.3);
  add_temperature(out, "battery", state.get("battery_c", 25));
  for (const char* key : {"skin", "soc", "battery"})
    add_temperature(out, std::string("cached_") + key, state.get(std::string("cached_") + key + "_c", 25));
  const double override_status = state.get("thermal_override", -1);
  out["skin_status"] = std::to_string(status);
  out["thermal_override"] = override_status >= 0 ? "true" : "false";
  out["thermal_status"] = override_status >= 0 ? whole(override_status) : std::to_string(status);
  out["cooling"] = std::to_string(status * 2);
}

void add_battery(Texts& out, const State& state, const Texts& profile, double now) {
  const double capacity = number(profile, "capacity_uah", 4e6), charge = state.get("charge_uah", 0);
  const double level = std::floor(100 * charge / capacity + 0.5);
  const double amperes = state.get("current_a", 0), read_a = std::fabs(amperes) < 0.004 ? 0.004 : restless(amperes, now);
  const int plugged = static_cast<int>(state.get("plugged", 0));
  const double volts = open_voltage(100 * charge / capacity) + kInner_ohm * amperes;
  const bool held = plugged > 0 && level >= state.get("charge_limit", 100);
  const int held_status = level >= 100 ? 5 : static_cast<int>(number(profile, "held_status", 4));
  const int status = plugged == 0 ? 3 : held ? held_status : 2;
  constexpr const char* kStatus[] = {"", "Unknown", "Charging", "Discharging", "Not charging", "Full"};
  out["level"] = whole(level);
  out["status"] = std::to_string(status);
  out["status_word"] = kStatus[status];
  out["plug"] = std::to_string(plugged);
  out["ac"] = plugged == 1 ? "true" : "false";
  out["usb"] = plugged == 2 ? "true" : "false";
  out["powered"] = plugged > 0 ? "true" : "false";
  out["online"] = plugged > 0 ? "1" : "0";
  out["limit_ua"] = plugged == 1 ? "3000000" : plugged == 2 ? "900000" : "0";
  out["limit_uv"] = plugged > 0 ? "5000000" : "0";
  out["charger_mv"] = plugged > 0 ? whole(restless(5012, now)) : "0";
  out["charge_uah"] = whole(charge);
  out["voltage_mv"] = whole(volts * 1000);
  out["voltage_uv"] = whole(volts * 1e6);
  out["ocv_uv"] = whole(open_voltage(100 * charge / capacity) * 1e6);
  out["current_ua"] = whole(read_a * 1e6);
  out["current_ma"] = whole(read_a * 1e3);
  out["drain_ua"] = whole(-read_a * 1e6);
  out["drain_ma"] = whole(-read_a * 1e3);
  out["updates_stopped"] = "";
  out["updates_stopped_word"] = "false";
}

void add_clocks(Texts& out, const State& state, const Texts& profile, int status) {
  const bool fast = state.get("fixed_performance", 0) > 0;
  for (const auto& [key, value] : profile) {  // policy.N=MIN:MAX kHz
    if (key.rfind("policy.", 0) != 0) continue;
    const double slowest = std::atof(value.c_str()), fastest = std::atof(value.substr(value.find(':') + 1).c_str());
    const double allowed = std::round(fastest * (fast ? 0.7 : 1) * speed_at(status) / 19200) * 19200;
    const std::string name = "policy" + key.substr(7);
    out[name + "_max_khz"] = whole(std::max(slowest, std::min(allowed, fastest)));
    out[name + "_khz"] = state.get("load_cores", 0) > 0.15 || fast ? out[name + "_max_khz"] : whole(slowest);
  }
}

void add_framework(Texts& out, const State& state, const Texts& profile, double now) {
  const bool on = state.get("screen", 1) > 0;
  const double brightness = state.get("brightness", 0);
  out["wakefulness"] = on ? "Awake" : "Asleep";
  out["display_state"] = on ? "ON" : "OFF";
  out["display_power"] = on ? "On" : "Off";
  out["interactive"] = on ? "true" : "false";
  out["brightness"] = whole(brightness);
  out["brightness_float"] = on ? fixed(brightness / 255, 6) : "-1.0";
  const int plugs = static_cast<int>(state.get("stay_on_plugs", 0));
  out["stay_on_plugs"] = std::to_string(plugs);
  out["stay_on"] = (plugs & static_cast<int>(state.get("plugged", 0))) != 0 ? "true" : "false";
  out["airplane"] = state.get("airplane", 0) > 0 ? "enabled" : "disabled";
  const double up_s = now - state.get("boot_s", now);
  out["uptime_ms"] = whole(up_s * 1000);
  out["uptime_s"] = fixed(up_s, 2);
  out["ago"] = "+" + whole(std::fmod(up_s, 60)) + "s" + whole(std::fmod(up_s * 1000, 1000)) + "ms";
  const double ticks = 100, busy = state.get("busy_s", 0) * ticks;
  out["stat_busy"] = whole(busy);
  out["stat_idle"] = whole(std::max(0.0, up_s * ticks * static_cast<double>(number(profile, "cores", 8)) - busy));
  out["load_cores"] = fixed(state.get("load_cores", 0), 3);
  out["power_w"] = fixed(state.get("power_w", 0), 3);
}

}  // namespace

Texts readings(const State& state, const Texts& profile) {
  Texts out = profile;
  const double now = state.get("time_s", 0);
  const int status = status_of(state.get("skin_c", 25), profile);
  add_temperatures(out, state, status);
  add_battery(out, state, profile, now);
  add_clocks(out, state, profile, status);
  add_framework(out, state, profile, now);
  for (const auto& [key, value] : state.all()) {
    if (key.rfind("energy.", 0) != 0) continue;
    out[key.substr(7) + "_uws"] = whole(value);
    char aligned[32];
    std::snprintf(aligned, sizeof aligned, "%14.2f", value / 1000);
    out[key.substr(7) + "_mws"] = aligned;
  }
  return out;
}

std::string filled(const std::string& text, const Texts& readings) {
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto open = text.find('@', at), close = open == std::string::npos ? open : text.find('@', open + 1);
    if (close == std::string::npos) break;
    const auto found = readings.find(text.substr(open + 1, close - open - 1));
    out += text.substr(at, open - at);
    if (found != readings.end()) out += found->second;
    else out += text.substr(open, close - open);
    at = found != readings.end() ? close + 1 : close;
  }
  return out + text.substr(at);
}

}  // namespace bench
