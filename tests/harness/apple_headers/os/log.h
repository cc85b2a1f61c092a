// Unified logging, from its documentation (developer.apple.com/documentation/os/logging).
#pragma once

typedef struct os_log_s* os_log_t;
extern "C" os_log_t os_log_create(const char* subsystem, const char* category);
