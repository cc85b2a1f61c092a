#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

#include "error.h"
#include "passes.h"

namespace farm {
namespace {

Bytes file_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error("input_mismatch", "the input " + path + " cannot be opened");
  const std::vector<char> text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  Bytes bytes(text.size());
  std::transform(text.begin(), text.end(), bytes.begin(), [](char byte) { return static_cast<std::byte>(byte); });
  return bytes;
}

// Sebastiano Vigna's splitmix64: every host and device makes the same inputs.
class SplitMix {
 public:
  std::uint64_t next() {
    std::uint64_t value = (state_ += 0x9E3779B97F4A7C15U);
    value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9U;
    value = (value ^ (value >> 27U)) * 0x94D049BB133111EBU;
    return value ^ (value >> 31U);
  }
  double unit() { return static_cast<double>(next() >> 11U) * 0x1p-53; }

 private:
  std::uint64_t state_ = 0;
};

template <typename Number>
void fill(Bytes& bytes, SplitMix& random, bool real) {
  for (std::size_t at = 0; at + sizeof(Number) <= bytes.size(); at += sizeof(Number)) {
    const auto value = real ? static_cast<Number>(random.unit()) : static_cast<Number>(random.next() & 1U);
    std::memcpy(bytes.data() + at, &value, sizeof(Number));
  }
}

Bytes made_up(const TensorInfo& info, SplitMix& random) {
  Bytes bytes(info.bytes);
  if (info.dtype == "float32") fill<float>(bytes, random, true);
  else if (info.dtype == "float64") fill<double>(bytes, random, true);
  else if (info.dtype == "int64") fill<std::int64_t>(bytes, random, false);
  else if (info.dtype == "int32") fill<std::int32_t>(bytes, random, false);
  else if (info.dtype == "uint8" || info.dtype == "int8" || info.dtype == "bool") fill<std::uint8_t>(bytes, random, false);
  else throw Error("input_mismatch", "inputs of type " + info.dtype + " cannot be made up: give them with --input");
  return bytes;
}

JsonObject described(const TensorInfo& info) {
  return JsonObject().text("dtype", info.dtype).integers("shape", info.shape).integer("bytes", static_cast<std::int64_t>(info.bytes));
}

std::vector<JsonObject> described(const std::vector<TensorInfo>& infos) {
  std::vector<JsonObject> objects;
  std::transform(infos.begin(), infos.end(), std::back_inserter(objects), [](const TensorInfo& info) { return described(info); });
  return objects;
}

}  // namespace

std::int64_t elapsed_ns(Clock::time_point since) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - since).count();
}

LoadOptions load_options(const Job& job, bool thorough) {
  return {job.arguments.method, job.arguments.threads, thorough, job.arguments.compute_units, job.arguments.pass == Pass::kProfile};
}

std::unique_ptr<Model> open_model(const Job& job, bool thorough) {
  const auto& arguments = job.arguments;
  const auto prepared = job.runtime.prepare(arguments.model, arguments.model_sha256, false);
  auto model = job.runtime.load(prepared.path, load_options(job, thorough));
  write_model_line(job, model->info());
  if (prepared.compile_ns) job.result.series("compile_ns", std::vector<std::int64_t>{*prepared.compile_ns}, "in this process");
  if (!arguments.prompt.empty() && !model->info().language_model) {
    throw Error("input_mismatch", "a prompt was given, and the model does not take tokens and positions");
  }
  return model;
}

void write_model_line(const Job& job, const ModelInfo& info) {
  JsonObject line;
  line.text("type", "model").text("method", job.arguments.method).text("flavour", info.flavour);
  line.objects("inputs", described(info.inputs)).objects("outputs", described(info.outputs));
  if (info.language_model) {
    const auto& language = *info.language_model;
    JsonObject object;
    object.boolean("many_tokens_at_once", language.many_tokens_at_once).text("position_input", language.position_input);
    if (language.max_context_tokens) object.integer("max_context_tokens", *language.max_context_tokens);
    if (language.vocabulary) object.integer("vocabulary", *language.vocabulary);
    line.object("language_model", object);
  }
  job.result.line(line);
}

std::vector<Bytes> read_inputs(const Job& job, const ModelInfo& info) {
  std::vector<Bytes> inputs;
  if (job.arguments.inputs.empty()) {
    SplitMix random;
    for (const auto& input : info.inputs) inputs.push_back(made_up(input, random));
    return inputs;
  }
  if (job.arguments.inputs.size() != info.inputs.size()) {
    throw Error("input_mismatch", "the model takes " + std::to_string(info.inputs.size()) + " inputs, " +
                                      std::to_string(job.arguments.inputs.size()) + " were given");
  }
  for (std::size_t place = 0; place < info.inputs.size(); ++place) {
    inputs.push_back(file_bytes(job.arguments.inputs[place]));
    if (inputs.back().size() != info.inputs[place].bytes) {
      throw Error("input_mismatch", "input " + std::to_string(place) + " of the model is " + std::to_string(info.inputs[place].bytes) +
                                        " bytes, the given one " + std::to_string(inputs.back().size()));
    }
  }
  return inputs;
}

std::vector<std::int64_t> read_prompt(const Job& job, Model& model) {
  const auto bytes = file_bytes(job.arguments.prompt);
  if (bytes.empty() || bytes.size() % sizeof(std::int64_t) != 0)
    throw Error("input_mismatch", "the prompt is not a list of 64-bit token ids");
  std::vector<std::int64_t> tokens(bytes.size() / sizeof(std::int64_t));
  std::memcpy(tokens.data(), bytes.data(), bytes.size());
  const auto& language = *model.info().language_model;
  const auto wanted = static_cast<std::int64_t>(tokens.size()) + job.arguments.decode_tokens;
  if (language.max_context_tokens && wanted > *language.max_context_tokens) {
    throw Error("input_mismatch", "prompt and generated tokens are " + std::to_string(wanted) + ", the model's context holds " +
                                      std::to_string(*language.max_context_tokens));
  }
  for (const auto token : tokens) {
    if (token < 0 || (language.vocabulary && token >= *language.vocabulary))
      throw Error("input_mismatch", "the prompt's token " + std::to_string(token) + " is not in the vocabulary");
  }
  model.expect_tokens(language.many_tokens_at_once ? tokens.size() : 1);
  return tokens;
}

void prefill(Model& model, const std::vector<std::int64_t>& prompt) {
  if (model.info().language_model->many_tokens_at_once) {
    model.feed(prompt.data(), prompt.size(), 0);
    return;
  }
  for (std::size_t place = 0; place < prompt.size(); ++place) model.feed(&prompt[place], 1, static_cast<std::int64_t>(place));
}

void write_output(const Job& job, const Bytes& bytes) {
  if (job.arguments.output.empty()) return;
  std::ofstream file(job.arguments.output, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));  // NOLINT
  file.flush();
  if (!file) throw Error("result_unwritable", "the output " + job.arguments.output + " cannot be written");
}

Sampler::Settings sampler_settings(const Job& job) {
  Sampler::Settings settings;
  settings.hz = job.arguments.sampler_hz;
  settings.measuring_cpus = job.arguments.cpus;
  settings.allowed_cpus = job.allowed_cpus;
  settings.epoch = job.epoch;
  settings.probes = job.probes;
  return settings;
}

void write_reference_kernel(ResultFile& result, const std::vector<std::int64_t>& before, const std::vector<std::int64_t>& after) {
  result.series("reference_kernel_ns", before, "before");
  result.series("reference_kernel_ns", after, "after");
}

Stretch::Stretch() : pressure_before_(read_pressure()), before_(read_usage(false)), start_(Clock::now()) {}

void Stretch::end() {
  wall_ns_ = elapsed_ns(start_);
  after_ = read_usage(true);
  pressure_after_ = read_pressure();
}

void Stretch::write(ResultFile& result) const {
  const auto count = [&](const std::string& metric, std::int64_t value) { result.series(metric, std::vector<std::int64_t>{value}); };
  const auto maybe = [&](const std::string& metric, const std::optional<std::int64_t>& before, const std::optional<std::int64_t>& after,
                         const char* reason) {
    if (before && after) count(metric, *after - *before);
    else result.absent(metric, reason);
  };
  const auto reading = [&](const std::string& metric, const std::optional<double>& value, const std::string& source, const char* reason) {
    if (value) result.series(metric, std::vector<double>{*value}, {}, source);
    else result.absent(metric, reason, source);
  };
  const auto reasons = usage_reasons();
  count("wall_ns", wall_ns_);
  count("cpu_time_ns", after_.cpu_time_ns - before_.cpu_time_ns);
  count("thread_cpu_time_ns", after_.thread_cpu_time_ns - before_.thread_cpu_time_ns);
  count("minor_faults_count", after_.minor_faults_count - before_.minor_faults_count);
  count("major_faults_count", after_.major_faults_count - before_.major_faults_count);
  maybe("voluntary_switches_count", before_.voluntary_switches_count, after_.voluntary_switches_count, reasons.switches);
  maybe("involuntary_switches_count", before_.involuntary_switches_count, after_.involuntary_switches_count, reasons.switches);
  maybe("run_delay_ns", before_.run_delay_ns, after_.run_delay_ns, reasons.run_delay);
  maybe("steal_ns", before_.steal_ns, after_.steal_ns, reasons.steal);
  reading("load_1m", pressure_before_.load_1m, "", reasons.load);
  reading("load_1m", pressure_after_.load_1m, "after", reasons.load);
  reading("cpu_pressure_percent", pressure_before_.cpu_some_avg10_percent, "", reasons.pressure);
  reading("cpu_pressure_percent", pressure_after_.cpu_some_avg10_percent, "after", reasons.pressure);
}

}  // namespace farm
