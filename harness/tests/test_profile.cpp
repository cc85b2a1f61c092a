#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "error.h"
#include "passes.h"
#include "scratch.h"

using namespace farm;

namespace {

struct Bench {
  explicit Bench(const std::string& model) {
    arguments.model = scratch.write("model", "farm-fake 1\n" + model);
    arguments.pass = Pass::kProfile;
    arguments.result = scratch.file("result");
    arguments.warmup_iterations = 2;
    arguments.iterations = arguments.max_iterations = 3;
  }

  std::string measured(const Runtime& runtime = *linked_runtimes().front()) {
    ResultFile result(arguments.result);
    profile_pass({arguments, result, Clock::now(), {}, runtime});
    result.end();
    return text_of(arguments.result);
  }

  Scratch scratch;
  Arguments arguments;
};

bool has(const std::string& text, const std::string& words) { return text.find(words) != std::string::npos; }

std::size_t numbers_after(const std::string& text, const std::string& words) {
  const auto at = text.find(words);
  if (at == std::string::npos) return 0;
  const auto list = text.substr(at + words.size(), text.find(']', at + words.size()) - at - words.size());
  return list.empty() ? 0 : 1 + static_cast<std::size_t>(std::count(list.begin(), list.end(), ','));
}

const std::string kParts = "part call 1000\ninner Convolution #1 200000\ninner Softmax #1 1000\npart add 100000\n";

}  // namespace

TEST_CASE("a profile tells the total of each inference, and the time of each part in it") {
  Bench bench(kParts);
  const auto text = bench.measured();
  CHECK(numbers_after(text, R"("metric":"traced_latency_ns","values":[)") == 3);
  CHECK_FALSE(has(text, R"("metric":"latency_ns")"));
  CHECK(has(text, R"({"type":"operator","index":0,"name":"call","delegate":"inner","instruction":0,"calls":3,"times_ns":[)"));
  CHECK(has(text, R"({"type":"operator","index":1,"parent":0,"name":"Convolution #1","delegate":"inner","calls":3,"times_ns":[2)"));
  CHECK(has(text, R"({"type":"operator","index":3,"name":"add","instruction":1,"calls":3,"times_ns":[1)"));
  CHECK(numbers_after(text, R"("name":"add","instruction":1,"calls":3,"times_ns":[)") == 3);
}

TEST_CASE("the lines of parts are what the protocol's example file says, byte for byte") {
  const auto example = text_of(std::filesystem::path(FARM_EXAMPLES) / "profile.jsonl");
  const auto begin = example.find("{\"type\":\"operator\"");
  std::string lines;
  const auto line = [&](std::size_t place, const TracedPart& part, std::int64_t calls, const std::vector<std::int64_t>& times_ns) {
    lines += operator_line(place, part, calls, times_ns).str() + "\n";
  };
  line(0, {std::nullopt, "Method::execute", ""}, 3, {40090, 40070, 40110});
  line(1, {0, "DELEGATE_CALL", "xnnpack", 0}, 3, {38980, 38960, 39000});
  line(2, {1, "Convolution (NHWC, F32) IGEMM #1", "xnnpack"}, 3, {22000, 22000, 23000});
  line(3, {1, "", "xnnpack", -1, 7}, 6, {13000, 12000, 13000});
  line(4, {0, "OPERATOR_CALL", "", 1}, 3, {950, 960, 940});
  line(5, {4, "native_call_add.out", "", 1}, 3, {801, 799, 805});
  CHECK(example.substr(begin, example.find("{\"type\":\"end\"") - begin) == lines);
}

TEST_CASE("a language model's profile is of the tokens after the first, generation by generation") {
  Bench bench("vocabulary 8\ncontext 64\n" + kParts);
  const std::vector<std::int64_t> prompt = {1, 2, 3};
  std::string bytes(prompt.size() * sizeof(std::int64_t), '\0');
  std::copy_n(reinterpret_cast<const char*>(prompt.data()), bytes.size(), bytes.begin());
  bench.arguments.prompt = bench.scratch.write("prompt", bytes);
  bench.arguments.decode_tokens = 4;
  bench.arguments.generations = 2;
  const auto text = bench.measured();
  CHECK(numbers_after(text, R"("metric":"traced_token_ns","values":[)") == 6);
  CHECK(has(text, R"("name":"add","instruction":1,"calls":6)"));
}

TEST_CASE("a model of which no operator is told has no profile") {
  Bench bench("spin_ns 1000\n");
  CHECK_THROWS_WITH_AS(bench.measured(), doctest::Contains("the runtime times no operator"), Error);
}

TEST_CASE("a runtime that tells no times of operators says so") {
  Bench bench(kParts);
  auto runtime = *linked_runtimes().front();
  runtime.why_untraced = "nobody is told";
  CHECK_THROWS_WITH_AS(bench.measured(runtime), "nobody is told", Error);
}

TEST_CASE("what a result holds of a profile is bounded, however many inferences are asked for") {
  std::string parts;
  for (int part = 0; part < 2000; ++part) parts += "part add 0\n";
  Bench bench(parts);
  bench.arguments.iterations = bench.arguments.max_iterations = 100'000;
  CHECK(numbers_after(bench.measured(), R"("metric":"traced_latency_ns","values":[)") == 100);
}
