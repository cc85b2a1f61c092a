#include "model_archive.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <vector>

#include "error.h"

namespace farm {
namespace {

namespace fs = std::filesystem;

// The ustar header (IEEE Std 1003.1, pax): field, first byte, bytes.
constexpr std::size_t kBlock = 512;
constexpr std::size_t kName = 0, kNameBytes = 100;
constexpr std::size_t kSize = 124, kSizeBytes = 12;
constexpr std::size_t kSum = 148, kSumBytes = 8;
constexpr std::size_t kType = 156;
constexpr std::size_t kMagic = 257;
constexpr std::size_t kPrefix = 345, kPrefixBytes = 155;

using Block = std::array<char, kBlock>;

[[noreturn]] void invalid(const std::string& why) { throw Error("model_invalid", "the model's archive " + why); }

std::string text_at(const Block& block, std::size_t from, std::size_t most) {
  const auto* begin = block.data() + from;
  return {begin, std::find(begin, begin + most, '\0')};
}

std::uint64_t octal_at(const Block& block, std::size_t from, std::size_t most) {
  std::uint64_t value = 0;
  for (const char digit : text_at(block, from, most)) {
    if (digit == ' ') continue;
    if (digit < '0' || digit > '7') invalid("holds a number that is none");
    value = value * 8 + static_cast<std::uint64_t>(digit - '0');
  }
  return value;
}

void check_sum(const Block& block) {
  std::uint64_t sum = 0;
  for (std::size_t place = 0; place < kBlock; ++place) {
    const bool own = place >= kSum && place < kSum + kSumBytes;  // counted as spaces
    sum += own ? static_cast<unsigned char>(' ') : static_cast<unsigned char>(block[place]);
  }
  if (sum != octal_at(block, kSum, kSumBytes)) invalid("is damaged: a header's checksum is wrong");
}

// The path of a file, which must lie below one folder and never lead out of it.
fs::path name_of(const Block& block) {
  const auto prefix = text_at(block, kPrefix, kPrefixBytes);
  const auto name = text_at(block, kName, kNameBytes);
  const fs::path path = prefix.empty() ? name : prefix + "/" + name;
  if (block[kType] != '0' || path.is_absolute() || std::distance(path.begin(), path.end()) < 2) invalid("holds something else than files");
  for (const auto& part : path) {
    if (part == ".." || part == "." || part.empty()) invalid("holds a name that leads out of it");
  }
  return path;
}

void copy_out(std::ifstream& archive, const fs::path& to, std::uint64_t size) {
  fs::create_directories(to.parent_path());
  std::ofstream file(to, std::ios::binary | std::ios::trunc);
  std::vector<char> buffer(1U << 20U);
  for (auto left = size; left > 0;) {
    const auto part = static_cast<std::streamsize>(std::min<std::uint64_t>(left, buffer.size()));
    if (!archive.read(buffer.data(), part)) invalid("is cut off");
    file.write(buffer.data(), part);
    left -= static_cast<std::uint64_t>(part);
  }
  file.close();
  if (!file) throw Error("model_unreadable", "there is no room to unpack the model");
  if (!archive.ignore(static_cast<std::streamsize>((kBlock - size % kBlock) % kBlock))) invalid("is cut off");
}

std::ifstream opened(const std::string& path) {
  std::ifstream archive(path, std::ios::binary);
  if (!archive) throw Error("model_unreadable", "the model " + path + " cannot be opened");
  return archive;
}

}  // namespace

bool is_archive(const std::string& path) {
  auto file = opened(path);
  Block block{};
  return file.read(block.data(), kBlock) && text_at(block, kMagic, 6) == "ustar";
}

std::string unpack_archive(const std::string& path, const std::string& into) {
  auto archive = opened(path);
  std::string top;
  Block block{};
  try {
    while (true) {
      if (!archive.read(block.data(), kBlock)) invalid("is cut off");
      if (std::all_of(block.begin(), block.end(), [](char byte) { return byte == '\0'; })) break;
      check_sum(block);
      const auto name = name_of(block);
      if (top.empty()) top = name.begin()->string();
      if (top != *name.begin()) invalid("holds more than one folder");
      copy_out(archive, fs::path(into) / name, octal_at(block, kSize, kSizeBytes));
    }
  } catch (const fs::filesystem_error& error) {
    throw Error("model_unreadable", "the model cannot be unpacked", error.code().message());
  }
  if (top.empty()) invalid("is empty");
  return (fs::path(into) / top).string();
}

}  // namespace farm
