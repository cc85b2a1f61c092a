#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "error.h"
#include "passes.h"
#include "scratch.h"

using namespace farm;

namespace {

template <typename Number>
std::string bytes_of(const std::vector<Number>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(Number)};
}

std::string items(std::uint64_t kind, std::uint64_t count, const std::vector<std::uint64_t>& sizes, const std::string& content) {
  return "FARMITEM" + bytes_of<std::uint64_t>({1, kind, count, sizes.size()}) + bytes_of(sizes) + content;
}

struct Bench {
  Bench(const std::string& model, const std::string& item_file) {
    arguments.model = scratch.write("model", "farm-fake 1\n" + model);
    arguments.pass = Pass::kQuality;
    arguments.items = scratch.write("items", item_file);
    arguments.items_output = scratch.file("items-output");
    arguments.output = scratch.file("output");
    arguments.result = scratch.file("result");
  }

  std::string measured() {
    ResultFile result(arguments.result);
    quality_pass({arguments, result, Clock::now()});
    result.end();
    return text_of(arguments.result);
  }

  std::vector<double> log_probabilities() {
    measured();
    const auto text = text_of(arguments.items_output);
    std::vector<double> values(text.size() / sizeof(double));
    std::memcpy(values.data(), text.data(), text.size());
    return values;
  }

  Scratch scratch;
  Arguments arguments;
};

// Says that it answers with a single number, and answers with two: as a Core ML model does whose output has no stated shape.
class Unshaped : public Model {
 public:
  const ModelInfo& info() const override { return info_; }
  void set_inputs(const std::vector<Bytes>&) override {}
  void prepare() override {}
  void run() override {}
  Bytes outputs() const override { return Bytes(8); }
  void expect_tokens(std::size_t) override {}
  void feed(const std::int64_t*, std::size_t, std::int64_t) override {}
  std::int64_t best_token() const override { return 0; }
  Bytes logits() const override { return {}; }
  Logits all_logits() const override { return {}; }
  Trace& trace() override { return trace_; }

 private:
  Trace trace_;
  ModelInfo info_{"unshaped", {{"float32", {1}, 4}}, {{"float32", {}, 4}}, std::nullopt};
};

const Runtime unshaped_runtime = {
    "unshaped",
    []() -> RuntimeInfo { return {"unshaped", "1", {"unshaped"}, 1, "file"}; },
    as_it_is,
    [](const std::string&, const LoadOptions&) -> std::unique_ptr<Model> { return std::make_unique<Unshaped>(); },
};

// Of a vocabulary of 8: the token after t has the logit 1 if it is t + 1, else 0.
const double kRight = 1 - std::log(std::exp(1.0) + 7);
const double kWrong = -std::log(std::exp(1.0) + 7);
const std::string kTexts = items(2, 2, {4, 2}, bytes_of<std::int64_t>({1, 2, 3, 5, 7, 0}));

}  // namespace

TEST_CASE("every item goes through the model once, in its order, and its row comes out raw") {
  const auto pixels = bytes_of<float>({0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  Bench bench("echo 1\ninput_bytes 8\n", items(1, 5, {8}, pixels));
  const auto text = bench.measured();
  CHECK(text_of(bench.arguments.items_output) == pixels);
  CHECK(text.find(R"("metric":"items_count","values":[5])") != std::string::npos);
  CHECK(text.find(R"("metric":"item_values_count","values":[10])") != std::string::npos);
  CHECK(text.find(R"("metric":"wall_ns")") != std::string::npos);
}

TEST_CASE("the job's own input is answered too, so that it can be held against a reference") {
  Bench bench("echo 1\ninput_bytes 4\n", items(1, 1, {4}, "item"));
  bench.measured();
  CHECK_FALSE(std::filesystem::exists(bench.arguments.output));
  bench.arguments.inputs = {bench.scratch.write("input", "own!")};
  bench.measured();
  CHECK(text_of(bench.arguments.output) == "own!");
  CHECK(text_of(bench.arguments.items_output) == "item");
}

TEST_CASE("log-probabilities are the softmax's, however the model takes tokens and positions") {
  for (const auto* convention : {"", "all_logits 1\n", "one_at_a_time 1\n", "all_positions 1\n", "all_positions 1\nall_logits 1\n",
                                 "one_at_a_time 1\nall_positions 1\n"}) {
    CAPTURE(convention);
    Bench bench(std::string("vocabulary 8\ncontext 4\n") + convention, kTexts);
    const auto found = bench.log_probabilities();
    const std::vector<double> wanted = {kRight, kRight, kWrong, kRight};
    REQUIRE(found.size() == wanted.size());
    for (std::size_t place = 0; place < wanted.size(); ++place) CHECK(found[place] == doctest::Approx(wanted[place]).epsilon(1e-12));
  }
}

TEST_CASE("a language model with a prompt answers that first, and begins every text anew") {
  Bench bench("vocabulary 8\ncontext 4\nall_logits 1\n", kTexts);
  bench.arguments.prompt = bench.scratch.write("prompt", bytes_of<std::int64_t>({1, 2}));
  bench.arguments.decode_tokens = 1;
  CHECK(bench.log_probabilities().size() == 4);
  CHECK(text_of(bench.arguments.output) == bytes_of<float>({0, 0, 0, 1, 0, 0, 0, 0}));
}

TEST_CASE("an answer that is longer than the model says is refused, not cut off") {
  Bench bench("", items(1, 1, {4}, "item"));
  ResultFile result(bench.arguments.result);
  const Job job{bench.arguments, result, Clock::now(), {}, unshaped_runtime};
  CHECK_THROWS_WITH_AS(quality_pass(job), doctest::Contains("gives 8 bytes and says 4"), Error);
}

TEST_CASE("items that are not the model's are refused") {
  const std::pair<const char*, std::pair<std::string, const char*>> cases[] = {
      {"input_bytes 8\n", {items(1, 1, {4}, "item"), "is 8 bytes, an item's is 4"}},
      {"input_bytes 4\n", {items(1, 1, {4, 4}, "itemitem"), "takes 1 inputs, an item has 2"}},
      {"input_bytes 4\n", {kTexts, "does not take tokens and positions"}},
      {"vocabulary 8\ncontext 3\n", {kTexts, "an item has 4 tokens, the model's context holds 3"}},
      {"vocabulary 7\ncontext 4\n", {kTexts, "token 7 is not in the vocabulary"}},
      {"input_bytes 4\n", {"no items at all", "shorter than its header"}},
  };
  for (const auto& [model, rest] : cases) {
    Bench bench(model, rest.first);
    CHECK_THROWS_WITH_AS(bench.measured(), doctest::Contains(rest.second), Error);
  }
}
