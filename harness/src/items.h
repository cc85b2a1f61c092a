#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "runtime.h"

namespace farm {

enum class ItemKind : std::uint32_t { kClassify = 1, kTokens = 2 };

// A file of items, read one after the other; protocol/README.md describes its form. The file is checked when it is opened: what it
// says of its size is what it has. Throws Error("items_invalid").
class ItemFile {
 public:
  explicit ItemFile(const std::string& path);

  ItemKind kind() const { return kind_; }
  std::size_t count() const { return count_; }
  // classify: the bytes of each input, the same for every item. tokens: the number of tokens of each item.
  const std::vector<std::size_t>& sizes() const { return sizes_; }
  // Reads what comes next.
  void read(void* into, std::size_t bytes);

 private:
  [[noreturn]] void invalid(const std::string& why) const;
  std::uint64_t number();
  void check_size(std::uint64_t head_bytes, std::uint64_t size_bytes) const;

  std::string path_;
  std::ifstream file_;
  ItemKind kind_ = ItemKind::kClassify;
  std::size_t count_ = 0;
  std::vector<std::size_t> sizes_;
};

// What came of the items, raw and in their order. Every failure to write throws Error("result_unwritable").
class ItemOutput {
 public:
  explicit ItemOutput(const std::string& path);
  void write(const void* from, std::size_t bytes);
  void end();

 private:
  void check();

  std::string path_;
  std::ofstream file_;
};

}  // namespace farm
