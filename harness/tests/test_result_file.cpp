#include <doctest/doctest.h>

#include "error.h"
#include "result_file.h"
#include "scratch.h"

using namespace farm;

namespace {

JsonObject a_job(const std::string& pass = "latency", const std::string& model = "files/spin") {
  return JsonObject().text("pass", pass).text("model", model).integer("threads", 1);
}

JsonObject tensor(const std::string& dtype, const std::vector<std::int64_t>& shape, std::int64_t bytes) {
  return JsonObject().text("dtype", dtype).integers("shape", shape).integer("bytes", bytes);
}

JsonObject begin_line(const std::string& nonce, const JsonObject& job = a_job()) {
  const auto harness = JsonObject()
                           .text("source_hash", "0f1e2d3c")
                           .text("build_type", "Release")
                           .boolean("assertions", false)
                           .texts("sanitizers", {})
                           .text("compiler", "GNU 12.2.0")
                           .text("target", "x86_64-Linux");
  const auto runtime = JsonObject().text("name", "fake").text("version", "1").texts("backends", {"fake"}).integer("kernels", 1);
  return JsonObject()
      .text("type", "begin")
      .integer("protocol", 1)
      .text("nonce", nonce)
      .object("harness", harness)
      .object("runtime", runtime)
      .object("job", job)
      .integer("pid", 4711)
      .object("clock", JsonObject().integer("monotonic_ns", 1000).integer("unix_ns", 2000));
}

}  // namespace

TEST_CASE("a result is what the protocol's example file says, byte for byte") {
  const Scratch scratch;
  {
    ResultFile result(scratch.file("r"));
    result.line(begin_line("c0ffee"));
    result.line(JsonObject()
                    .text("type", "model")
                    .text("method", "forward")
                    .text("flavour", "fake")
                    .objects("inputs", {tensor("float32", {1}, 4)})
                    .objects("outputs", {tensor("float32", {1}, 4)}));
    result.series("latency_ns", std::vector<std::int64_t>{200117, 200067, 200057});
    result.series("temperature_c", std::vector<double>{41.5, 41.75}, {0, 100000000}, "thermal_zone0 skin");
    result.absent("battery_current_printed", "this device shows no battery current");
    CHECK_FALSE(std::filesystem::exists(scratch.file("r")));  // not before its end
    result.end();
  }
  CHECK_FALSE(std::filesystem::exists(scratch.file("r.partial")));
  CHECK(text_of(scratch.file("r")) == text_of(std::filesystem::path(FARM_EXAMPLES) / "latency.jsonl"));
}

TEST_CASE("a power result is what the protocol's example file says, byte for byte") {
  const Scratch scratch;
  {
    ResultFile result(scratch.file("r"));
    result.line(begin_line("c0ffee", a_job("power")));
    result.line(JsonObject()
                    .text("type", "model")
                    .text("method", "forward")
                    .text("flavour", "fake")
                    .objects("inputs", {tensor("float32", {1}, 4)})
                    .objects("outputs", {tensor("float32", {1}, 4)}));
    result.series("phase_ns", std::vector<std::int64_t>{1000000, 3001000000}, "idle");
    result.series("phase_unix_ns", std::vector<std::int64_t>{1764090000000000000, 1764090003000000000}, "idle");
    result.series("phase_asleep_ns", std::vector<std::int64_t>{0}, "idle");
    result.series("phase_cpus_ns", std::vector<std::int64_t>{24000000000}, "idle");
    result.series("phase_busy_ns", std::vector<std::int64_t>{430000000}, "idle");
    result.series("phase_own_ns", std::vector<std::int64_t>{2100000}, "idle");
    result.series("phase_ns", std::vector<std::int64_t>{3001000000, 6001500000}, "work");
    result.series("phase_unix_ns", std::vector<std::int64_t>{1764090003000000000, 1764090006000500000}, "work");
    result.absent("phase_asleep_ns", "this system does not say how long it was suspended", "work");
    result.absent("phase_busy_ns", "this system does not say what its CPUs did", "work");
    result.series("inferences_count", std::vector<std::int64_t>{0, 1500, 3000}, {3001000000, 4501000000, 6001500000}, "work");
    result.series("battery_current_printed", std::vector<double>{-350000, -351000.5}, {0, 3000000000}, "battery");
    result.series("battery_voltage_uv", std::vector<double>{3850000, 3849000}, {0, 3000000000}, "battery");
    result.series("battery_discharging_ratio", std::vector<double>{1, 0}, {0, 3000000000}, "battery");
    result.series("energy_counter_uj", std::vector<double>{262143123456, 1000}, {0, 3000000000}, "intel-rapl:0 package-0");
    result.series("energy_counter_range_uj", std::vector<double>{262143328850}, {}, "intel-rapl:0 package-0");
    result.end();
  }
  CHECK(text_of(scratch.file("r")) == text_of(std::filesystem::path(FARM_EXAMPLES) / "power.jsonl"));
}

TEST_CASE("a language model's result is what the protocol's example file says, byte for byte") {
  const Scratch scratch;
  {
    ResultFile result(scratch.file("r"));
    result.line(begin_line("c0ffee"));
    const auto language_model = JsonObject()
                                    .boolean("many_tokens_at_once", true)
                                    .text("position_input", "start")
                                    .integer("max_context_tokens", 128)
                                    .integer("vocabulary", 512);
    result.line(JsonObject()
                    .text("type", "model")
                    .text("method", "forward")
                    .text("flavour", "xnnpack")
                    .objects("inputs", {tensor("int64", {1, 128}, 1024), tensor("int64", {1}, 8)})
                    .objects("outputs", {tensor("float32", {1, 512}, 2048)})
                    .object("language_model", language_model));
    result.series("ttft_ns", std::vector<std::int64_t>{5100000});
    result.series("prefill_ns", std::vector<std::int64_t>{5000000});
    result.series("token_ns", std::vector<std::int64_t>{400000, 410000, 390000});
    result.series("prompt_tokens_count", std::vector<std::int64_t>{16});
    result.line(JsonObject().text("type", "tokens").integers("values", {17, 3, 9, 17}));
    result.end();
  }
  CHECK(text_of(scratch.file("r")) == text_of(std::filesystem::path(FARM_EXAMPLES) / "llm.jsonl"));
}

TEST_CASE("a quality result is what the protocol's example file says, byte for byte") {
  const Scratch scratch;
  {
    ResultFile result(scratch.file("r"));
    result.line(begin_line("c0ffee", a_job("quality", "files/echo").text("items", "files/5eed")));
    result.line(JsonObject()
                    .text("type", "model")
                    .text("method", "forward")
                    .text("flavour", "fake")
                    .objects("inputs", {tensor("uint8", {8}, 8)})
                    .objects("outputs", {tensor("float32", {1, 2}, 8)}));
    result.series("items_count", std::vector<std::int64_t>{3});
    result.series("item_values_count", std::vector<std::int64_t>{6});
    result.series("wall_ns", std::vector<std::int64_t>{41000});
    result.series("cpu_time_ns", std::vector<std::int64_t>{40000});
    result.series("thread_cpu_time_ns", std::vector<std::int64_t>{40000});
    result.end();
  }
  CHECK(text_of(scratch.file("r")) == text_of(std::filesystem::path(FARM_EXAMPLES) / "quality.jsonl"));
}

TEST_CASE("an error is the last line, and the result is finished all the same") {
  const Scratch scratch;
  ResultFile result(scratch.file("r"));
  result.line(begin_line("c0ffee"));
  result.error(Error("operator_missing", "the runtime has no operator aten::foo.out", "Missing operator: [2] aten::foo.out\n", 20));
  CHECK(text_of(scratch.file("r")) == text_of(std::filesystem::path(FARM_EXAMPLES) / "error.jsonl"));
}

TEST_CASE("a result that is not ended leaves only its partial file") {
  const Scratch scratch;
  {
    ResultFile(scratch.file("r")).line(begin_line("c0ffee"));
  }
  CHECK_FALSE(std::filesystem::exists(scratch.file("r")));
  CHECK(std::filesystem::exists(scratch.file("r.partial")));
}

TEST_CASE("a place that cannot be written to is said") {
  const Scratch scratch;
  CHECK_THROWS_WITH_AS(ResultFile(scratch.file("no/such/folder")), doctest::Contains("cannot be written"), Error);
}

TEST_CASE("a full disk is noticed") {
  const Scratch scratch;
  std::filesystem::create_symlink("/dev/full", scratch.file("r.partial"));  // every write to it fails with ENOSPC
  ResultFile result(scratch.file("r"));
  CHECK_THROWS_WITH_AS(result.line(begin_line("c0ffee")), doctest::Contains("No space left"), Error);
}
