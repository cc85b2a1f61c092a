// developer.apple.com/documentation/os/3191911-os_proc_available_memory
#pragma once

#include <stddef.h>

extern "C" size_t os_proc_available_memory(void);
