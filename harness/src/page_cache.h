#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "error.h"
#include "system.h"

// The parts of the page cache's two functions that all platforms share (system_*.cpp).
namespace farm {

struct Descriptor {
  explicit Descriptor(const std::string& path) : number(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (number < 0) throw Error("model_unreadable", "the model " + path + " cannot be opened");
  }
  ~Descriptor() { ::close(number); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number;
};

// A file as memory, all of it; nothing of an empty one, or where it cannot be mapped.
struct Mapping {
  explicit Mapping(const Descriptor& file) {
    struct stat status{};
    if (::fstat(file.number, &status) != 0 || status.st_size == 0) return;
    size = static_cast<std::size_t>(status.st_size);
    start = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.number, 0);
  }
  ~Mapping() {
    if (there()) ::munmap(start, size);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  bool there() const { return start != MAP_FAILED; }

  void* start = MAP_FAILED;
  std::size_t size = 0;
};

// Byte is what the platform's mincore(2) takes: one for each page, whose lowest bit says that it is resident.
template <typename Byte>
std::optional<Residence> resident_pages(const std::string& path) {
  const Descriptor file(path);
  const Mapping mapping(file);
  if (!mapping.there()) return std::nullopt;
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  std::vector<Byte> pages((mapping.size + page - 1) / page);
  if (::mincore(mapping.start, mapping.size, pages.data()) != 0) return std::nullopt;
  const auto count = std::count_if(pages.begin(), pages.end(), [](Byte one) { return (one & 1) != 0; });
  return Residence{static_cast<std::int64_t>(count) * static_cast<std::int64_t>(page), static_cast<std::int64_t>(pages.size() * page)};
}

}  // namespace farm
