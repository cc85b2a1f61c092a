// developer.apple.com/documentation/kernel/mach_absolute_time and its neighbours.
#pragma once

#include <stdint.h>

struct mach_timebase_info {
  uint32_t numer;
  uint32_t denom;
};
typedef struct mach_timebase_info mach_timebase_info_data_t;
extern "C" int mach_timebase_info(mach_timebase_info_data_t* info);
extern "C" uint64_t mach_absolute_time(void);
extern "C" uint64_t mach_continuous_time(void);
