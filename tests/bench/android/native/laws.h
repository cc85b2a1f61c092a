// What the physics of a phone and its readings both go by.
#pragma once

#include <algorithm>
#include <cstdlib>

#include "store.h"

namespace bench {

inline double number(const Texts& profile, const std::string& key, double otherwise) {
  const auto found = profile.find(key);
  return found == profile.end() ? otherwise : std::atof(found->second.c_str());
}

// Thermal status of AOSP from a skin temperature: none, light, moderate, severe, critical, emergency, shutdown.
inline int status_of(double skin_c, const Texts& profile) {
  const double first_c = number(profile, "throttle_c", 39);
  int status = 0;
  for (const double above_c : {0.0, 3.0, 6.0, 9.0, 12.0, 16.0}) status += skin_c >= first_c + above_c;
  return status;
}

// What is left of the clock speed at a thermal status.
inline double speed_at(int status) {
  constexpr double kSpeed[] = {1.0, 0.9, 0.75, 0.6, 0.45, 0.35, 0.25};
  return kSpeed[std::clamp(status, 0, 6)];
}

// Volts of a battery from which nothing is taken, at a level in per cent.
inline double open_voltage(double level) { return 3.45 + 0.0095 * std::clamp(level, 0.0, 100.0); }

constexpr double kInner_ohm = 0.055;

}  // namespace bench
