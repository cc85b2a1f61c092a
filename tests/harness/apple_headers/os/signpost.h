// Signposts, from their documentation (developer.apple.com/documentation/os/signposts). There, too, these are macros: names and formats are
// literals, and a format may say {public}.
#pragma once

#include <os/log.h>
#include <stdint.h>

typedef uint64_t os_signpost_id_t;
extern "C" os_signpost_id_t os_signpost_id_generate(os_log_t log);
extern "C" void apple_headers_signpost(os_log_t log, os_signpost_id_t id, const char* name, ...);
#define os_signpost_interval_begin(log, id, name, ...) apple_headers_signpost(log, id, "" name "" __VA_OPT__(, ) __VA_ARGS__)
#define os_signpost_interval_end(log, id, name, ...) apple_headers_signpost(log, id, "" name "" __VA_OPT__(, ) __VA_ARGS__)
