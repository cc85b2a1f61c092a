#include <fstream>
#include <optional>

#include "error.h"
#include "passes.h"
#include "system.h"

namespace farm {
namespace {

void read_whole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> buffer(1U << 20U);
  while (file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()))) {
  }
}

// Of all files together; nullopt when the kernel does not say it of one.
std::optional<Residence> residence_of(const std::vector<std::string>& files) {
  Residence all;
  for (const auto& file : files) {
    const auto one = residence(file);
    if (!one) return std::nullopt;
    all.resident_bytes += one->resident_bytes;
    all.bytes += one->bytes;
  }
  return all;
}

std::int64_t first_inference_ns(const Job& job, Model& model) {
  if (!job.arguments.prompt.empty()) {
    const auto prompt = read_prompt(job, model);
    const auto start = Clock::now();
    prefill(model, prompt);
    const auto duration_ns = elapsed_ns(start);
    write_output(job, model.logits());
    return duration_ns;
  }
  const auto inputs = read_inputs(job, model.info());
  model.set_inputs(inputs);
  model.prepare();
  const auto start = Clock::now();
  model.run();
  const auto duration_ns = elapsed_ns(start);
  write_output(job, model.outputs());
  return duration_ns;
}

}  // namespace

std::string why_no_load(bool cold, const std::optional<Residence>& before) {
  if (!before) return "the kernel does not say whether the model is in its page cache";
  if (cold && before->resident_bytes > 0) {
    return "the kernel kept " + std::to_string(before->resident_bytes) + " bytes of the model in its page cache";
  }
  if (!cold && before->resident_bytes < before->bytes) {
    return "the kernel kept only " + std::to_string(before->resident_bytes) + " of the model's " + std::to_string(before->bytes) +
           " bytes in its page cache";
  }
  return "";
}

void load_pass(const Job& job) {
  const auto& arguments = job.arguments;
  const bool cold = arguments.pass == Pass::kLoadCold;
  const std::string metric = cold ? "load_cold_ns" : "load_warm_ns";
  const auto prepared = job.runtime.prepare(arguments.model, arguments.model_sha256, true);
  for (const auto& file : prepared.files) {
    if (cold) evict(file);
    else read_whole(file);
  }
  const auto before = residence_of(prepared.files);
  const auto options = load_options(job, false);
  Stretch stretch;
  const auto start = Clock::now();
  const auto model = job.runtime.load(prepared.path, options);
  const auto load_ns = elapsed_ns(start);
  stretch.end();
  write_model_line(job, model->info());
  if (!arguments.prompt.empty() && !model->info().language_model) {
    throw Error("input_mismatch", "a prompt was given, and the model does not take tokens and positions");
  }
  const auto inference_ns = first_inference_ns(job, *model);

  const auto why_not = why_no_load(cold, before);
  if (why_not.empty()) job.result.series(metric, std::vector<std::int64_t>{load_ns});
  else job.result.absent(metric, why_not);
  if (before) job.result.series("resident_before_bytes", std::vector<std::int64_t>{before->resident_bytes});
  if (prepared.compile_ns) job.result.series("compile_ns", std::vector<std::int64_t>{*prepared.compile_ns});
  job.result.series("first_inference_ns", std::vector<std::int64_t>{inference_ns});
  stretch.write(job.result);
}

}  // namespace farm
