// mmap(2), mincore(2) and msync(2) as Darwin declares them: mincore writes char.
#pragma once

#include <sys/types.h>

#define PROT_READ 1
#define MAP_SHARED 1
#define MAP_FAILED ((void*)-1)
#define MS_INVALIDATE 2

extern "C" void* mmap(void* address, size_t length, int protection, int flags, int descriptor, off_t offset);
extern "C" int munmap(void* address, size_t length);
extern "C" int msync(void* address, size_t length, int flags);
extern "C" int mincore(const void* address, size_t length, char* pages);
