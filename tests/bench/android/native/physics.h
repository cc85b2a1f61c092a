// A simulated phone: what its programs burn warms it, what it burns comes out of its battery.
#pragma once

#include "store.h"

namespace bench {

// Seconds since this machine started, which no clock adjustment moves.
double now_s();

// CPU time of all processes of the phone but its first, also of those that have ended, in seconds.
double cpu_time_s();

// Bring the state to now: temperatures, charge, energy counters. The first time, fill it from the profile.
void advance(State& state, const Texts& profile);

}  // namespace bench
