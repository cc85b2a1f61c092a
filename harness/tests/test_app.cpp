#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "app.h"
#include "scratch.h"

using namespace farm;

namespace {

DeviceState a_warm_phone() {
  DeviceState state;
  state.thermal_state = 2;
  state.low_power_mode = false;
  state.brightness_ratio = 0.5;
  state.memory_available_bytes = 3'000'000'000;
  state.uptime_s = 86400.25;
  return state;
}

// What the app does in a process of its own, in this folder as its Documents; returns its exit code.
int served(const Scratch& scratch, const Environment& environment, const std::vector<std::string>& words) {
  std::fflush(nullptr);  // or the child would say it once more
  const auto child = ::fork();
  if (child == 0) {
    if (::chdir(scratch.path.c_str()) != 0) ::_exit(99);
    ::_exit(serve(environment, words, a_warm_phone).value_or(77));
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

const std::vector<std::string> kLatency = {"--protocol", "1", "--nonce", "aa", "--model", "model", "--result", "runs/aa/result.jsonl"};

}  // namespace

TEST_CASE("a probe is one JSON object, and what is not told is left out") {
  const Scratch scratch;
  CHECK(served(scratch, {{"FARM_PROBE", "probe.json"}}, {}) == 0);
  CHECK(text_of(scratch.path / "probe.json") == R"({"protocol":1,"thermal_state":"serious","low_power_mode":false,"brightness_ratio":0.5,)"
                                                R"("memory_available_bytes":3000000000,"uptime_s":86400.25})");
  CHECK_FALSE(std::filesystem::exists(scratch.path / "probe.json.partial"));
}

TEST_CASE("a run leaves its log, its process, its result and its exit code") {
  const Scratch scratch;
  scratch.write("model", "farm-fake 1\nsleep_ns 1000000\n");
  scratch.write("runs/aa/launched.json", "{}");
  auto long_enough = kLatency;  // for the sampler to look, also on a busy machine
  for (const auto* word : {"--duration-ms", "1000", "--max-iterations", "1000"}) long_enough.emplace_back(word);
  CHECK(served(scratch, {{"FARM_RUN", "runs/aa"}, {"FARM_RUNTIME", "fake"}}, long_enough) == 0);
  CHECK(text_of(scratch.path / "runs/aa/exit") == "0");
  CHECK(text_of(scratch.path / "runs/aa/started").rfind("{\"pid\":", 0) == 0);
  const auto result = text_of(scratch.path / "runs/aa/result.jsonl");
  CHECK(result.find(R"("type":"end")") != std::string::npos);
  CHECK(result.find(R"("metric":"thermal_status_index","source":"app","values":[3)") != std::string::npos);
  CHECK(result.find(R"({"type":"absent","metric":"battery_level_percent","source":"app")") != std::string::npos);
}

TEST_CASE("a harness that fails leaves its words and its exit code") {
  const Scratch scratch;
  scratch.write("runs/aa/launched.json", "{}");
  CHECK(served(scratch, {{"FARM_RUN", "runs/aa"}, {"FARM_RUNTIME", "fake"}}, kLatency) == 3);
  CHECK(text_of(scratch.path / "runs/aa/exit") == "3");
  CHECK(text_of(scratch.path / "runs/aa/log").find("cannot be opened") != std::string::npos);
}

TEST_CASE("a runtime that is not linked in is said, with exit code 2") {
  const Scratch scratch;
  scratch.write("runs/aa/launched.json", "{}");
  CHECK(served(scratch, {{"FARM_RUN", "runs/aa"}, {"FARM_RUNTIME", "coreml"}}, kLatency) == 2);
  CHECK(text_of(scratch.path / "runs/aa/exit") == "2");
  CHECK(text_of(scratch.path / "runs/aa/log") == "farm: this harness was built without coreml\n");
}

TEST_CASE("an app that was opened by hand does nothing, and a run without its folder cannot be written") {
  const Scratch scratch;
  CHECK(served(scratch, {}, {}) == 77);
  CHECK(served(scratch, {{"FARM_RUN", "runs/gone"}, {"FARM_RUNTIME", "fake"}}, kLatency) == 4);
}
