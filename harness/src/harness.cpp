#include "harness.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <new>

#include "arguments.h"
#include "build_info.h"
#include "error.h"
#include "passes.h"
#include "system.h"

namespace farm {
namespace {

constexpr int kBadArguments = 2;
constexpr int kErrorLine = 3;
constexpr int kResultUnwritable = 4;

JsonObject harness_object() {
  return JsonObject()
      .text("source_hash", FARM_SOURCE_HASH)
      .text("build_type", FARM_BUILD_TYPE)
      .boolean("assertions", kAssertions)
      .texts("sanitizers", sanitizers())
      .text("compiler", FARM_COMPILER)
      .text("target", FARM_TARGET);
}

JsonObject runtime_object(const RuntimeInfo& info) {
  return JsonObject()
      .text("name", info.name)
      .text("version", info.version)
      .texts("backends", info.backends)
      .integer("kernels", info.kernels);
}

// The job as it was understood.
JsonObject job_object(const Arguments& arguments, const RuntimeInfo& info) {
  struct stat status{};
  const bool there = ::stat(arguments.model.c_str(), &status) == 0;
  JsonObject job;
  job.text("pass", pass_name(arguments.pass)).text("model", arguments.model);
  if (there) job.integer("model_bytes", status.st_size);
  if (!arguments.model_sha256.empty()) job.text("model_sha256", arguments.model_sha256);
  job.text("method", arguments.method).integer("threads", arguments.threads).text("load_mode", info.load_mode);
  job.integer("warmup_iterations", arguments.warmup_iterations).integer("iterations", arguments.iterations);
  if (arguments.pass == Pass::kPower) job.integer("idle_ms", arguments.idle_ms);
  job.integer("duration_ms", arguments.duration_ms).integer("max_iterations", arguments.max_iterations);
  if (arguments.prompt.empty()) {
    job.text("inputs", arguments.inputs.empty() ? "generated" : "files");
  } else {
    job.text("inputs", "prompt").integer("decode_tokens", arguments.decode_tokens).integer("generations", arguments.generations);
  }
  if (!arguments.items.empty()) job.text("items", arguments.items);
  if (!arguments.compute_units.empty()) job.text("compute_units", arguments.compute_units);
  job.integer("sampler_hz", arguments.sampler_hz).integers("cpus", {arguments.cpus.begin(), arguments.cpus.end()});
  return job;
}

// The moment from which all times of sampled series count.
struct Epoch {
  Clock::time_point monotonic = Clock::now();
  std::int64_t unix_ns = read_unix_ns();
  std::optional<std::int64_t> boottime_ns = read_boottime_ns();
};

void write_begin(ResultFile& result, const Arguments& arguments, const RuntimeInfo& info, const Epoch& epoch) {
  JsonObject begin;
  begin.text("type", "begin").integer("protocol", kProtocol).text("nonce", arguments.nonce);
  begin.object("harness", harness_object()).object("runtime", runtime_object(info)).object("job", job_object(arguments, info));
  begin.integer("pid", ::getpid());
  JsonObject clock;
  clock.integer("monotonic_ns", std::chrono::duration_cast<std::chrono::nanoseconds>(epoch.monotonic.time_since_epoch()).count());
  if (epoch.boottime_ns) clock.integer("boottime_ns", *epoch.boottime_ns);
  begin.object("clock", clock.integer("unix_ns", epoch.unix_ns));
  result.line(begin);
}

// Binds this thread, and with it every thread that it makes later, to the stated CPUs.
void bind_to_cpus(const std::vector<int>& cpus) {
  if (!cpus.empty() && bind_thread(cpus) != 0) throw Error("unsupported", "the stated CPUs are not there, or not allowed to this process");
}

void run_pass(const Job& job, const RuntimeInfo& info) {
  bind_to_cpus(job.arguments.cpus);
  if (info.backends.empty() || info.kernels == 0) {
    throw Error("no_backends", "the harness has " + std::to_string(info.backends.size()) + " backends and " + std::to_string(info.kernels) +
                                   " kernels: it was linked wrongly");
  }
  if (!job.arguments.compute_units.empty() && info.name != "coreml")
    throw Error("unsupported", "--compute-units is for Core ML, and this model is run by " + info.name);
  const PassInterval interval(pass_name(job.arguments.pass));
  switch (job.arguments.pass) {
    case Pass::kLatency: return job.arguments.prompt.empty() ? latency_pass(job) : language_latency_pass(job);
    case Pass::kMemory: return memory_pass(job);
    case Pass::kLoadCold:
    case Pass::kLoadWarm: return load_pass(job);
    case Pass::kPower: return power_pass(job);
    case Pass::kSustain: return sustain_pass(job);
    case Pass::kQuality: return quality_pass(job);
    case Pass::kProfile: return profile_pass(job);
  }
}

int say(const Error& error, int code) {
  std::fprintf(stderr, "farm-harness: %s\n", error.what());
  return code;
}

int measure(const Arguments& arguments, const Runtime& runtime, const std::vector<Probe>& probes) {
  ResultFile result(arguments.result);
  const Epoch epoch;
  const auto info = runtime.info();
  write_begin(result, arguments, info, epoch);
  try {
    run_pass({arguments, result, epoch.monotonic, allowed_cpus(), runtime, probes}, info);
  } catch (const std::bad_alloc&) {
    const Error error("out_of_memory", "the device has no memory left for this model");
    result.error(error);
    return say(error, kErrorLine);
  } catch (const Error& error) {
    if (error.error_class == "result_unwritable") throw;
    result.error(error);
    return say(error, kErrorLine);
  }
  result.end(arguments.nonce, arguments.model_sha256);
  return 0;
}

}  // namespace

int run_harness(const std::vector<std::string>& words, const Runtime& runtime, std::vector<Probe> probes) {
  for (auto& probe : platform_probes()) probes.push_back(std::move(probe));
  try {
    return measure(parse_arguments(words), runtime, probes);
  } catch (const Error& error) {
    return say(error, error.error_class == "bad_arguments" ? kBadArguments : kResultUnwritable);
  }
}

}  // namespace farm
