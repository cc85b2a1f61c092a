#include "kernel_text.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace farm {
namespace {

namespace fs = std::filesystem;

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

std::optional<double> within(const char* text, double low, double high, double factor) {
  const auto value = number_at(text, 0);
  return value && low <= *value && *value <= high ? std::optional<double>(*value * factor) : std::nullopt;
}

std::string lowered(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return text;
}

// A pen's or a mouse's battery says that it powers that device, not this system (power_supply_scope of Linux).
bool is_of_accessory(const fs::path& supply) { return first_line(supply / "scope") == "Device"; }

}  // namespace

std::string first_line(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::optional<double> number(const char* text) { return number_at(text, 0); }

// The second number of statm is in pages (proc_pid_statm(5)).
std::optional<double> resident_bytes(const char* text) {
  static const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  const auto pages = number_at(text, 1);
  return pages ? std::optional<double>(*pages * page) : std::nullopt;
}

// Thousandths of a degree; zones that print whole degrees or tenths of them are not to be told from those of the battery's mV.
std::optional<double> zone_c(const char* text) { return within(text, 10'000, 150'000, 1e-3); }

std::optional<double> khz_as_hz(const char* text) { return within(text, 1'000, 10'000'000, 1e3); }

std::optional<double> tenths_as_c(const char* text) { return within(text, 100, 1'000, 0.1); }

std::optional<double> percent(const char* text) { return within(text, 0, 100, 1); }

// uV by the kernel's rule, and mV on some phones: a thousand times a battery's voltage is none.
std::optional<double> voltage_uv(const char* text) {
  const auto value = within(text, 2e6, 2e7, 1);
  return value ? value : within(text, 2e3, 2e4, 1e3);
}

// As it is printed: its unit and sign are the phone's own. Small negative numbers are the kernel's errors (-22 is EINVAL).
std::optional<double> printed_current(const char* text) {
  const auto value = within(text, -3e7, 3e7, 1);
  return value && (*value >= 0 || *value < -133) ? value : std::nullopt;
}

// 1 when the battery's status says that it is being drained, 0 for every other word that is known (power_supply_status_text of Linux).
std::optional<double> discharging(const char* text) {
  const std::string word(text, std::strcspn(text, "\n"));
  if (word == "Discharging") return 1;
  if (word == "Charging" || word == "Not charging" || word == "Full") return 0;
  return std::nullopt;
}

// Some zones are no thermometers: they hold the battery's voltage, current or charge, or count events.
bool is_thermometer(const fs::path& zone) {
  const auto kind = lowered(first_line(zone / "type"));
  if (kind == "soc" || kind == "socd") return false;
  const auto parts = {"ibat", "vbat", "vph", "bcl", "lvl", "-minus-", "cycle", "ocp", "vdroop", "batoilo", "smpl"};
  return std::none_of(parts.begin(), parts.end(), [&kind](const char* part) { return kind.find(part) != std::string::npos; });
}

// A supply that says that it is a battery or its gauge, or, where it does not say what it is, has the name of one.
bool is_battery(const fs::path& supply) {
  if (is_of_accessory(supply)) return false;
  const auto type = first_line(supply / "type");
  if (!type.empty()) return type == "Battery" || type == "BMS";
  const auto name = lowered(supply.filename().string());
  const auto parts = {"bat", "bms", "gauge", "fg"};
  return std::any_of(parts.begin(), parts.end(), [&name](const char* part) { return name.find(part) != std::string::npos; });
}

bool is_charger(const fs::path& supply) { return !is_battery(supply) && !is_of_accessory(supply); }

bool is_any(const fs::path&) { return true; }

}  // namespace farm
