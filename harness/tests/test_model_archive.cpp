#include <doctest/doctest.h>

#include <cstdlib>

#include "error.h"
#include "model_archive.h"
#include "scratch.h"

using namespace farm;

namespace {

// The harness's reader is held against an independent writer: the system's tar.
std::string packed(const Scratch& scratch, const std::string& options, const std::string& what) {
  const auto archive = scratch.file("archive.tar");
  const auto command = "cd '" + scratch.path.string() + "' && tar --format=ustar " + options + " -cf archive.tar " + what;
  REQUIRE(std::system(command.c_str()) == 0);
  return archive;
}

std::string why_not(const std::string& archive, const std::string& into) {
  try {
    unpack_archive(archive, into);
  } catch (const Error& error) {
    CHECK(error.error_class == "model_invalid");
    return error.what();
  }
  return "it was unpacked";
}

}  // namespace

TEST_CASE("a folder's archive is unpacked file by file, names of over a hundred letters among them") {
  const Scratch scratch;
  const auto deep = "model.mlpackage/Data/" + std::string(60, 'a') + "/" + std::string(70, 'b') + "/weight.bin";
  const std::string weights(100'000, 'w');
  scratch.write("model.mlpackage/Manifest.json", "{}");
  scratch.write(deep, weights);
  scratch.write("into/keep", "");
  const auto archive = packed(scratch, "", "$(find model.mlpackage -type f | sort)");
  CHECK(is_archive(archive));
  const auto top = unpack_archive(archive, scratch.file("into"));
  CHECK(top == scratch.file("into/model.mlpackage"));
  CHECK(text_of(scratch.path / "into" / deep) == weights);
  CHECK(text_of(scratch.path / "into/model.mlpackage/Manifest.json") == "{}");
}

TEST_CASE("the example is what farm makes of a folder") {
  const Scratch scratch;
  const auto top = std::filesystem::path(unpack_archive(FARM_EXAMPLES "/archive/model.tar", scratch.file("")));
  CHECK(top == scratch.path / "model.mlpackage");
  CHECK(text_of(top / "Manifest.json") == R"({"rootModelIdentifier": "A"})");
  CHECK(text_of(top / "Data/com.apple.CoreML/weights/weight.bin").size() == 1280);
}

TEST_CASE("what is no archive is not taken for one") {
  const Scratch scratch;
  CHECK_FALSE(is_archive(scratch.write("short", "farm-fake 1\n")));
  CHECK_FALSE(is_archive(scratch.write("long", std::string(2000, 'x'))));
}

TEST_CASE("an archive that is cut off, damaged, or holds more than files below one folder is refused") {
  const Scratch scratch;
  scratch.write("a/file", std::string(3000, 'x'));
  scratch.write("b/file", "x");
  const auto whole = text_of(packed(scratch, "", "a/file"));
  CHECK(why_not(scratch.write("t1", whole.substr(0, 2000)), scratch.file("")).find("is cut off") != std::string::npos);
  CHECK(why_not(scratch.write("t2", whole.substr(0, 3584)), scratch.file("")).find("is cut off") != std::string::npos);
  auto damaged = whole;
  damaged[10] = 'z';
  CHECK(why_not(scratch.write("t3", damaged), scratch.file("")).find("checksum is wrong") != std::string::npos);
  CHECK(why_not(scratch.write("t4", std::string(1024, '\0')), scratch.file("")).find("is empty") != std::string::npos);
  CHECK(why_not(packed(scratch, "", "a/file b/file"), scratch.file("")).find("more than one folder") != std::string::npos);
  CHECK(why_not(packed(scratch, "", "a"), scratch.file("")).find("something else than files") != std::string::npos);
  CHECK(why_not(packed(scratch, "-P --transform 's,a/,a/../../,'", "a/file"), scratch.file("")).find("leads out of it") !=
        std::string::npos);
  std::filesystem::create_symlink("/etc/passwd", scratch.file("a/link"));
  CHECK(why_not(packed(scratch, "", "a/link"), scratch.file("")).find("something else than files") != std::string::npos);
}
