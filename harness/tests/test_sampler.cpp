#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <thread>

#include "sampler.h"
#include "scratch.h"
#include "system.h"

using namespace farm;

namespace {

std::string sampled(const Scratch& scratch, std::int64_t hz, bool power = false) {
  Sampler::Settings settings;
  settings.power = power;
  settings.hz = hz;
  settings.sys = scratch.file("sys");
  settings.statm = scratch.file("statm");
  settings.epoch = Clock::now();
  Sampler sampler(settings);
  sampler.start();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  sampler.stop();
  ResultFile result(scratch.file("r"));
  sampler.write(result);
  result.end();
  return text_of(scratch.file("r"));
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("what is there is read in base units, under its source") {
  const Scratch scratch;
  scratch.write("statm", "1000 250 100 1 0 50 0\n");
  scratch.write("sys/class/thermal/thermal_zone0/temp", "41500\n");
  scratch.write("sys/class/thermal/thermal_zone0/type", "skin\n");
  scratch.write("sys/devices/system/cpu/cpufreq/policy4/scaling_cur_freq", "2400000\n");
  scratch.write("sys/class/power_supply/battery/current_now", "-350000\n");
  const auto text = sampled(scratch, 1000);
  CHECK(has(text, R"("metric":"temperature_c","source":"thermal_zone0 skin","values":[41.5)"));
  CHECK(has(text, R"("metric":"frequency_hz","source":"policy4","values":[2.4e+09)"));
  CHECK(has(text, R"("metric":"battery_current_printed","source":"battery","values":[-350000)"));
  CHECK(has(text, R"("metric":"rss_bytes","source":"sampler","values":[1024000)"));
  CHECK(has(text, R"("metric":"sampler_cpu_ns")"));
}

TEST_CASE("energy counters are read when they are asked for, with the range at which they begin anew") {
  const Scratch scratch;
  scratch.write("sys/class/powercap/intel-rapl:0/energy_uj", "262143123456\n");
  scratch.write("sys/class/powercap/intel-rapl:0/name", "package-0\n");
  scratch.write("sys/class/powercap/intel-rapl:0/max_energy_range_uj", "262143328850\n");
  const auto text = sampled(scratch, 1000, true);
  CHECK(has(text, R"("metric":"energy_counter_uj","source":"intel-rapl:0 package-0","values":[262143123456)"));
  CHECK(has(text, R"("metric":"energy_counter_range_uj","source":"intel-rapl:0 package-0","values":[262143328850])"));
  CHECK_FALSE(has(sampled(scratch, 1000), "energy_counter"));
}

TEST_CASE("a charger's current and a zone that is no thermometer are not sampled") {
  const Scratch scratch;
  scratch.write("sys/class/power_supply/usb/current_now", "500000\n");
  scratch.write("sys/class/power_supply/usb/type", "USB\n");
  scratch.write("sys/class/thermal/thermal_zone0/temp", "40120\n");
  scratch.write("sys/class/thermal/thermal_zone0/type", "vbat\n");
  scratch.write("sys/class/thermal/thermal_zone1/temp", "38\n");
  scratch.write("sys/class/thermal/thermal_zone1/type", "skin\n");
  const auto text = sampled(scratch, 1000);
  CHECK(has(text, R"({"type":"absent","metric":"battery_current_printed","reason":"this device shows no battery current"})"));
  CHECK(has(text, R"({"type":"absent","metric":"temperature_c","reason":"no thermal zone can be read here"})"));
}

TEST_CASE("beside a power pass it is noted whether the battery is drained and whether a charger is there") {
  const Scratch scratch;
  scratch.write("sys/class/power_supply/battery/status", "Discharging\n");
  scratch.write("sys/class/power_supply/usb/online", "0\n");
  CHECK_FALSE(has(sampled(scratch, 1000), "battery_discharging_ratio"));
  const auto text = sampled(scratch, 1000, true);
  CHECK(has(text, R"("metric":"battery_discharging_ratio","source":"battery","values":[1)"));
  CHECK(has(text, R"("metric":"supply_online_ratio","source":"usb","values":[0)"));
}

TEST_CASE("what is not there, or is no number, is absent with its reason and never a value") {
  const Scratch scratch;
  scratch.write("sys/class/thermal/thermal_zone0/temp", "Permission denied\n");
  const auto text = sampled(scratch, 1000);
  CHECK(has(text, R"({"type":"absent","metric":"temperature_c","reason":"no thermal zone can be read here"})"));
  CHECK(has(text, R"({"type":"absent","metric":"frequency_hz","reason":"this device shows no cpufreq policy"})"));
  CHECK_FALSE(has(text, R"("metric":"temperature_c","source")"));
}

TEST_CASE("a sampler that is off reads nothing and says so") {
  const Scratch scratch;
  scratch.write("statm", "1 1 1 1 1 1 1\n");
  const auto text = sampled(scratch, 0);
  CHECK(has(text, "the sampler is off"));
  CHECK_FALSE(has(text, "series\",\"metric"));
}

namespace {

std::string bound(const std::vector<int>& measuring, const std::vector<int>& allowed) {
  const Scratch scratch;
  scratch.write("statm", "1 1 1 1 1 1 1\n");
  Sampler::Settings settings;
  settings.sys = scratch.file("sys");
  settings.statm = scratch.file("statm");
  settings.measuring_cpus = measuring;
  settings.allowed_cpus = allowed;
  Sampler sampler(settings);
  sampler.start();
  sampler.stop();
  ResultFile result(scratch.file("r"));
  sampler.write(result);
  result.end();
  return text_of(scratch.file("r"));
}

}  // namespace

TEST_CASE("the sampler goes to a CPU that is allowed and not measured on") {
  const auto allowed = allowed_cpus();
  REQUIRE_FALSE(allowed.empty());
  const int own = allowed.back();
  CHECK(has(bound({own + 1}, {own, own + 1}), R"("metric":"sampler_cpu_index","values":[)" + std::to_string(own) + "]"));
}

TEST_CASE("a sampler that cannot keep off the measuring CPUs says so, and one that need not says nothing") {
  CHECK(has(bound({0, 1}, {0, 1}), R"({"type":"absent","metric":"sampler_cpu_index","reason":"no CPU is left beside the measuring ones)"));
  CHECK(has(bound({0}, {0, 1023}), "it cannot be bound to CPU 1023"));
  CHECK_FALSE(has(bound({}, {0}), "sampler_cpu_index"));
}

TEST_CASE("what is missed while a reading takes long is not made up for beside the pass") {
  const Scratch scratch;
  Sampler::Settings settings;
  settings.hz = 100;
  settings.sys = scratch.file("sys");
  settings.statm = scratch.file("statm");
  std::atomic<int> count = 0;
  settings.probes = {{"slow", "probe", [&count]() -> std::optional<double> {
                        if (++count == 1) std::this_thread::sleep_for(std::chrono::milliseconds(500));  // as a gauge behind a slow bus
                        return 1;
                      }}};
  Sampler sampler(settings);
  sampler.start();
  while (count < 4) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  sampler.stop();
  CHECK(count < 30);  // in half a second 50 were missed
}
