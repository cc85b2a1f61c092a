#include "items.h"

#include <cstring>
#include <filesystem>

#include "error.h"

namespace farm {
namespace {

constexpr std::uint64_t kVersion = 1;
constexpr std::uint64_t kMagicBytes = 8;
constexpr char kMagic[kMagicBytes + 1] = "FARMITEM";
constexpr std::uint64_t kHeadBytes = kMagicBytes + 4 * sizeof(std::uint64_t);
constexpr std::uint64_t kFewestTokens = 2;  // the first only conditions

}  // namespace

ItemFile::ItemFile(const std::string& path) : path_(path), file_(path, std::ios::binary) {
  std::error_code unknown;
  const auto size_bytes = std::filesystem::file_size(path, unknown);
  if (!file_ || unknown) throw Error("items_invalid", "the items " + path + " cannot be opened");
  char magic[kMagicBytes] = {};
  if (size_bytes < kHeadBytes) invalid("it is shorter than its header");
  read(magic, sizeof(magic));
  if (std::memcmp(magic, kMagic, kMagicBytes) != 0) invalid("it does not begin as one");
  if (const auto version = number(); version != kVersion) invalid("its version is " + std::to_string(version) + ", this harness reads 1");
  const auto kind = number();
  if (kind != static_cast<std::uint64_t>(ItemKind::kClassify) && kind != static_cast<std::uint64_t>(ItemKind::kTokens))
    invalid("its kind " + std::to_string(kind) + " is not known");
  kind_ = static_cast<ItemKind>(kind);
  const auto count = number();
  const auto sizes = number();
  if (count == 0 || sizes == 0) invalid("it has no items");
  if (kind_ == ItemKind::kTokens && sizes != count) invalid("it does not tell the size of every text");
  if (sizes > (size_bytes - kHeadBytes) / sizeof(std::uint64_t)) invalid("it is cut off");
  count_ = count;
  for (std::uint64_t place = 0; place < sizes; ++place) sizes_.push_back(number());
  check_size(kHeadBytes + sizes * sizeof(std::uint64_t), size_bytes);
}

// Divides instead of multiplying: a size that somebody made up must not come round to the right one.
void ItemFile::check_size(std::uint64_t head_bytes, std::uint64_t size_bytes) const {
  const auto rest = size_bytes - head_bytes;
  const auto most = kind_ == ItemKind::kTokens ? rest / sizeof(std::int64_t) : rest / count_;
  std::uint64_t sum = 0;
  for (const auto size : sizes_) {
    if (size == 0 || (kind_ == ItemKind::kTokens && size < kFewestTokens)) invalid("an item of it is empty");
    if (size > most - sum) invalid("it is cut off");
    sum += size;
  }
  if (sum * (kind_ == ItemKind::kTokens ? sizeof(std::int64_t) : count_) != rest) invalid("it is longer than its header says");
}

void ItemFile::invalid(const std::string& why) const { throw Error("items_invalid", path_ + " is not a whole file of items: " + why); }

std::uint64_t ItemFile::number() {
  std::uint64_t value = 0;
  read(&value, sizeof(value));
  return value;
}

void ItemFile::read(void* into, std::size_t bytes) {
  file_.read(static_cast<char*>(into), static_cast<std::streamsize>(bytes));
  if (!file_) invalid("it cannot be read to its end");
}

ItemOutput::ItemOutput(const std::string& path) : path_(path), file_(path, std::ios::binary | std::ios::trunc) { check(); }

void ItemOutput::write(const void* from, std::size_t bytes) {
  file_.write(static_cast<const char*>(from), static_cast<std::streamsize>(bytes));
  check();
}

void ItemOutput::end() {
  file_.close();
  check();
}

void ItemOutput::check() {
  if (!file_) throw Error("result_unwritable", "the items' output " + path_ + " cannot be written");
}

}  // namespace farm
