#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

#include "error.h"
#include "passes.h"
#include "scratch.h"

using namespace farm;

namespace {

struct Bench {
  Bench(const std::string& model, Pass pass) {
    arguments.model = scratch.write("model", "farm-fake 1\n" + model);
    arguments.pass = pass;
    arguments.output = scratch.file("output");
    arguments.result = scratch.file("result");
  }

  std::string measured(void (*pass)(const Job&)) {
    ResultFile result(arguments.result);
    pass({arguments, result, Clock::now()});
    result.end();
    return text_of(arguments.result);
  }

  Scratch scratch;
  Arguments arguments;
};

std::size_t values_in(const std::string& text, const std::string& metric) {
  const auto at = text.find("\"metric\":\"" + metric + "\",\"values\":[");
  if (at == std::string::npos) return 0;
  const auto list = text.substr(at, text.find(']', at) - at);
  return 1 + static_cast<std::size_t>(std::count(list.begin(), list.end(), ',')) - 1;
}

// The numbers of one series in a result, from after "values":[ or "at_ns":[.
std::vector<double> numbers_of(const std::string& text, const std::string& metric, const std::string& source, const std::string& list) {
  const auto line_at = text.find("\"metric\":\"" + metric + "\",\"source\":\"" + source + "\"");
  if (line_at == std::string::npos) return {};
  const auto line = text.substr(line_at, text.find('\n', line_at) - line_at);
  const auto at = line.find("\"" + list + "\":[");
  if (at == std::string::npos) return {};
  std::istringstream words(line.substr(at + list.size() + 4));
  std::vector<double> numbers;
  for (double number = 0; words >> number; words.ignore(1)) numbers.push_back(number);
  return numbers;
}

}  // namespace

TEST_CASE("latency has the stated iterations when there is no stated time") {
  Bench bench("spin_ns 1000\n", Pass::kLatency);
  bench.arguments.iterations = bench.arguments.max_iterations = 7;
  const auto text = bench.measured(latency_pass);
  CHECK(values_in(text, "latency_ns") == 7);
  CHECK(text.find("\"metric\":\"thread_cpu_time_ns\"") != std::string::npos);
}

TEST_CASE("latency goes on until the stated time, and never past the ceiling") {
  Bench longer("spin_ns 1000000\n", Pass::kLatency);
  longer.arguments.iterations = 1;
  longer.arguments.duration_ms = 20;
  longer.arguments.max_iterations = 1000;
  const auto count = values_in(longer.measured(latency_pass), "latency_ns");
  CHECK(count > 1);
  CHECK(count <= 21);
  Bench ceiling("spin_ns 1000\n", Pass::kLatency);
  ceiling.arguments.iterations = 1;
  ceiling.arguments.duration_ms = 10'000;
  ceiling.arguments.max_iterations = 5;
  CHECK(values_in(ceiling.measured(latency_pass), "latency_ns") == 5);
}

TEST_CASE("the reference kernel is timed before and after a latency pass, and takes the same time on the same CPU") {
  Bench bench("spin_ns 1000\n", Pass::kLatency);
  const auto text = bench.measured(latency_pass);
  CHECK(text.find(R"("metric":"reference_kernel_ns","source":"before")") != std::string::npos);
  CHECK(text.find(R"("metric":"reference_kernel_ns","source":"after")") != std::string::npos);
  const auto times = time_reference_kernel();
  const auto again = time_reference_kernel();
  const auto first = *std::min_element(times.begin(), times.end());
  const auto second = *std::min_element(again.begin(), again.end());
  CHECK(first > 0);
  CHECK(static_cast<double>(std::max(first, second)) < 1.5 * static_cast<double>(std::min(first, second)));
}

TEST_CASE("a sustain pass counts what it did in windows, which together are all of its time but the last piece") {
  Bench bench("spin_ns 500000\n", Pass::kSustain);
  bench.arguments.duration_ms = 100;
  bench.arguments.window_ms = 20;
  const auto text = bench.measured(sustain_pass);
  const auto windows = values_in(text, "window_items_count");
  CHECK(windows >= 1);
  CHECK(windows <= 5);
  CHECK(values_in(text, "window_busy_ns") == windows);
}

TEST_CASE("a language model's sustain pass counts decoded tokens") {
  Bench bench("vocabulary 8\ncontext 64\nspin_ns 100000\n", Pass::kSustain);
  const std::int64_t tokens[] = {1, 2, 6};
  bench.arguments.prompt = bench.scratch.write("prompt", std::string(reinterpret_cast<const char*>(tokens), sizeof(tokens)));
  bench.arguments.decode_tokens = 4;
  bench.arguments.duration_ms = 50;
  bench.arguments.window_ms = 10;
  CHECK(values_in(bench.measured(sustain_pass), "window_items_count") >= 1);
}

TEST_CASE("the output of the first inference is written as raw bytes") {
  Bench bench("output_values 1 -2.5\n", Pass::kLatency);
  bench.measured(latency_pass);
  CHECK(text_of(bench.arguments.output) == std::string("\x00\x00\x80\x3f\x00\x00\x20\xc0", 8));
}

TEST_CASE("a language model gives one time to first token a generation, and one time for each later token") {
  Bench bench("vocabulary 8\ncontext 64\nspin_ns 1000\n", Pass::kLatency);
  const std::int64_t tokens[] = {1, 2, 6};
  bench.arguments.prompt = bench.scratch.write("prompt", std::string(reinterpret_cast<const char*>(tokens), sizeof(tokens)));
  bench.arguments.decode_tokens = 4;
  bench.arguments.generations = 2;
  const auto text = bench.measured(language_latency_pass);
  CHECK(values_in(text, "ttft_ns") == 2);
  CHECK(values_in(text, "token_ns") == 6);
  CHECK(text.find(R"({"type":"tokens","values":[7,0,1,2]})") != std::string::npos);
}

TEST_CASE("prompt and generated tokens must fit into the model's context") {
  Bench bench("vocabulary 8\ncontext 5\n", Pass::kLatency);
  const std::int64_t tokens[] = {1, 2, 3};
  bench.arguments.prompt = bench.scratch.write("prompt", std::string(reinterpret_cast<const char*>(tokens), sizeof(tokens)));
  bench.arguments.decode_tokens = 3;
  CHECK_THROWS_WITH_AS(bench.measured(language_latency_pass), doctest::Contains("context holds 5"), Error);
}

TEST_CASE("a power pass is idle first and then works, and tells when and how much") {
  Bench bench("spin_ns 1000000\n", Pass::kPower);
  bench.arguments.idle_ms = 60;
  bench.arguments.duration_ms = 250;
  const auto text = bench.measured(power_pass);
  const auto idle = numbers_of(text, "phase_ns", "idle", "values");
  const auto work = numbers_of(text, "phase_ns", "work", "values");
  REQUIRE(idle.size() == 2);
  REQUIRE(work.size() == 2);
  CHECK(idle[1] - idle[0] >= 60e6);
  CHECK(work[0] >= idle[1]);
  CHECK(work[1] - work[0] >= 250e6);
  const auto unix_work = numbers_of(text, "phase_unix_ns", "work", "values");
  REQUIRE(unix_work.size() == 2);
  CHECK(unix_work[1] - unix_work[0] == doctest::Approx(work[1] - work[0]).epsilon(0.05));
  const auto asleep_ns = numbers_of(text, "phase_asleep_ns", "idle", "values");
  REQUIRE(asleep_ns.size() == 1);
  CHECK(asleep_ns[0] >= 0);
  for (const char* phase : {"idle", "work"}) {
    const auto all_ns = numbers_of(text, "phase_cpus_ns", phase, "values");
    const auto busy_ns = numbers_of(text, "phase_busy_ns", phase, "values");
    REQUIRE(all_ns.size() == 1);
    REQUIRE(busy_ns.size() == 1);
    CHECK(busy_ns[0] <= all_ns[0]);
  }
  const auto own_ns = numbers_of(text, "phase_own_ns", "work", "values");
  REQUIRE(own_ns.size() == 1);
  CHECK(own_ns[0] > 0);

  const auto done = numbers_of(text, "inferences_count", "work", "values");
  const auto at_ns = numbers_of(text, "inferences_count", "work", "at_ns");
  REQUIRE(done.size() == at_ns.size());
  REQUIRE(done.size() >= 2);
  CHECK(done.front() == 0);
  CHECK(at_ns.front() == work[0]);
  CHECK(done.back() <= 250);
  CHECK(at_ns.back() <= work[1]);
  CHECK(std::is_sorted(done.begin(), done.end()));
  CHECK(std::is_sorted(at_ns.begin(), at_ns.end()));
}

TEST_CASE("nothing is computed while a power pass is idle") {
  Bench bench("spin_ns 1000\nfail_at_iteration 2\n", Pass::kPower);  // the first inference comes before the idle phase
  bench.arguments.idle_ms = 200;
  bench.arguments.duration_ms = 1;
  const auto begun = Clock::now();
  CHECK_THROWS_WITH_AS(bench.measured(power_pass), doctest::Contains("as its model says"), Error);
  CHECK(Clock::now() - begun >= std::chrono::milliseconds(200));
}

TEST_CASE("a language model's power pass counts the tokens of whole generations") {
  Bench bench("vocabulary 8\ncontext 64\nspin_ns 100000\n", Pass::kPower);
  const std::int64_t tokens[] = {1, 2, 6};
  bench.arguments.prompt = bench.scratch.write("prompt", std::string(reinterpret_cast<const char*>(tokens), sizeof(tokens)));
  bench.arguments.decode_tokens = 7;
  bench.arguments.idle_ms = 1;
  bench.arguments.duration_ms = 20;
  const auto text = bench.measured(power_pass);
  const auto done = numbers_of(text, "tokens_count", "work", "values");
  const auto generations = numbers_of(text, "generations_count", "work", "values");
  REQUIRE(done.size() >= 2);
  REQUIRE(generations.size() == 1);
  CHECK(done.back() == 7 * generations[0]);
}

TEST_CASE("memory is told by phase and at the end") {
  Bench bench("allocate_bytes 50000000\n", Pass::kMemory);
  const auto text = bench.measured(memory_pass);
  for (const auto* phase : {"start", "loaded", "ran"})
    CHECK(text.find("\"metric\":\"vm_hwm_bytes\",\"source\":\"" + std::string(phase)) != std::string::npos);
  CHECK(values_in(text, "vm_hwm_bytes") == 1);
}

TEST_CASE("a warm load is timed, and so is the first inference") {
  Bench bench("load_ns 2000000\n", Pass::kLoadWarm);
  const auto text = bench.measured(load_pass);
  CHECK(values_in(text, "load_warm_ns") == 1);
  CHECK(values_in(text, "first_inference_ns") == 1);
}

TEST_CASE("a cold load is timed only when the file was really out of the page cache") {
  Bench bench("load_ns 1000\n", Pass::kLoadCold);
  const auto text = bench.measured(load_pass);
  const bool timed = values_in(text, "load_cold_ns") == 1;
  const bool resident = text.find(R"("metric":"resident_before_bytes","values":[0])") == std::string::npos;
  CHECK(timed != resident);
  CHECK((timed || text.find("page cache") != std::string::npos));
}

TEST_CASE("a load that was neither cold nor warm is not timed, with the reason") {
  CHECK(why_no_load(true, Residence{0, 8192}).empty());
  CHECK(why_no_load(false, Residence{8192, 8192}).empty());
  CHECK(why_no_load(true, Residence{4096, 8192}) == "the kernel kept 4096 bytes of the model in its page cache");
  CHECK(why_no_load(false, Residence{4096, 8192}) == "the kernel kept only 4096 of the model's 8192 bytes in its page cache");
  for (const bool cold : {true, false}) {
    CHECK(why_no_load(cold, std::nullopt) == "the kernel does not say whether the model is in its page cache");
  }
}

TEST_CASE("inputs of another size or number are refused") {
  Bench bench("input_bytes 4\n", Pass::kLatency);
  bench.arguments.inputs = {bench.scratch.write("input", "12345")};
  CHECK_THROWS_WITH_AS(bench.measured(latency_pass), doctest::Contains("is 4 bytes, the given one 5"), Error);
  bench.arguments.inputs = {bench.scratch.write("input", "1234"), bench.scratch.file("input")};
  CHECK_THROWS_WITH_AS(bench.measured(latency_pass), doctest::Contains("takes 1 inputs, 2 were given"), Error);
}

TEST_CASE("a file that is no model is refused") {
  Bench bench("speed 3\n", Pass::kLatency);
  CHECK_THROWS_WITH_AS(bench.measured(latency_pass), doctest::Contains("\"speed 3\" is not understood"), Error);
}
