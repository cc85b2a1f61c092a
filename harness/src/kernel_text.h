#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace farm {

// What the texts of the kernel's files mean, in base units; nothing for a text that cannot mean that. A text ends in a null.
// farm/devices/readers has the same rules for what the host reads.

std::optional<double> number(const char* text);
std::optional<double> resident_bytes(const char* statm);
std::optional<double> zone_c(const char* text);
std::optional<double> khz_as_hz(const char* text);
std::optional<double> tenths_as_c(const char* text);
std::optional<double> percent(const char* text);
std::optional<double> voltage_uv(const char* text);
std::optional<double> printed_current(const char* text);
std::optional<double> discharging(const char* text);

// What a folder of the kernel's is.

std::string first_line(const std::filesystem::path& path);
bool is_thermometer(const std::filesystem::path& zone);
bool is_battery(const std::filesystem::path& supply);
bool is_charger(const std::filesystem::path& supply);
bool is_any(const std::filesystem::path& folder);

}  // namespace farm
