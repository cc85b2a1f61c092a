#include "readings.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "laws.h"

namespace bench {
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
