#include <doctest/doctest.h>

#include <sstream>

#include "arguments.h"
#include "error.h"

using namespace farm;

namespace {

std::vector<std::string> words(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> list;
  for (std::string word; stream >> word;) list.push_back(word);
  return list;
}

const std::string kLeast = "--protocol 1 --nonce n --model m --result r ";

}  // namespace

TEST_CASE("a whole job is understood") {
  const auto arguments = parse_arguments(words(kLeast + "--pass memory --threads 4 --iterations 7 --max-iterations 9 --duration-ms 50 "
                                                        "--input a --input b --cpus 0,4-6 --sampler-hz 0 --warmup-iterations 3"));
  CHECK(arguments.pass == Pass::kMemory);
  CHECK(arguments.threads == 4);
  CHECK(arguments.iterations == 7);
  CHECK(arguments.max_iterations == 9);
  CHECK(arguments.duration_ms == 50);
  CHECK(arguments.inputs == std::vector<std::string>{"a", "b"});
  CHECK(arguments.cpus == std::vector<int>{0, 4, 5, 6});
  CHECK(arguments.sampler_hz == 0);
}

TEST_CASE("a power pass has an idle and a working time") {
  const auto arguments = parse_arguments(words(kLeast + "--pass power --idle-ms 30000 --duration-ms 60000"));
  CHECK(arguments.pass == Pass::kPower);
  CHECK(arguments.idle_ms == 30'000);
  CHECK(arguments.duration_ms == 60'000);
}

TEST_CASE("without a ceiling the least iterations are the most") {
  CHECK(parse_arguments(words(kLeast + "--iterations 12")).max_iterations == 12);
}

TEST_CASE("what is not a job is refused by name") {
  const std::pair<const char*, const char*> cases[] = {
      {"--nonce n --model m --result r", "--protocol is missing"},
      {"--protocol 2 --nonce n --model m --result r", "speaks protocol 1"},
      {"--protocol 1 --model m --result r", "--nonce is missing"},
      {"--protocol 1 --nonce n --result r", "--model is missing"},
      {"--protocol 1 --nonce n --model m", "--result is missing"},
      {"--protocol 1 --nonce n --model m --result r --pas latency", "no option \"--pas\""},
      {"--protocol 1 --nonce n --model m --result r latency", "no option \"latency\""},
      {"--protocol 1 --nonce n --model m --result r --pass fast", "--pass takes"},
      {"--protocol 1 --nonce n --model m --result r --threads 0", "--threads takes a whole number"},
      {"--protocol 1 --nonce n --model m --result r --threads 2x", "not \"2x\""},
      {"--protocol 1 --nonce n --model m --result r --threads 99999999999999999999", "--threads takes"},
      {"--protocol 1 --nonce n --model m --result r --threads", "has no value"},
      {"--protocol 1 --nonce n --model m --result r --nonce o", "given twice"},
      {"--protocol 1 --nonce n --model m --result r --cpus 3-1", "--cpus takes"},
      {"--protocol 1 --nonce n --model m --result r --compute-units gpu", "--compute-units takes"},
      {"--protocol 1 --nonce n --model m --result r --iterations 5 --max-iterations 4", "less than"},
      {"--protocol 1 --nonce n --model m --result r --pass power --duration-ms 5", "goes with --idle-ms and --duration-ms"},
      {"--protocol 1 --nonce n --model m --result r --pass power --idle-ms 5", "goes with --idle-ms and --duration-ms"},
      {"--protocol 1 --nonce n --model m --result r --pass sustain", "--pass sustain goes with --duration-ms"},
      {"--protocol 1 --nonce n --model m --result r --pass profile --prompt p --decode-tokens 1", "--decode-tokens is at least 2"},
      {"--protocol 1 --nonce n --model m --result r --idle-ms 5", "--idle-ms goes with --pass power"},
      {"--protocol 1 --nonce n --model m --result r --pass quality --items i", "go with --pass quality"},
      {"--protocol 1 --nonce n --model m --result r --pass quality --items-output o", "go with --pass quality"},
      {"--protocol 1 --nonce n --model m --result r --pass memory --items i --items-output o", "go with --pass quality"},
      {"--protocol 1 --nonce n --model m --result r --prompt p", "goes with --decode-tokens"},
      {"--protocol 1 --nonce n --model m --result r --decode-tokens 3", "goes with --prompt"},
      {"--protocol 1 --nonce n --model m --result r --prompt p --decode-tokens 3 --input i", "exclude each other"},
  };
  for (const auto& one : cases) {
    const auto& line = one.first;  // a name that a lambda, which CAPTURE makes, may take along
    const auto& said = one.second;
    CAPTURE(line);
    try {
      parse_arguments(words(line));
      FAIL("was taken");
    } catch (const Error& error) {
      CHECK(error.error_class == "bad_arguments");
      CHECK_MESSAGE(std::string(error.what()).find(said) != std::string::npos, error.what());
    }
  }
}
