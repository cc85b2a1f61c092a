#include "passes.h"

namespace farm {
namespace {

void write_memory(ResultFile& result, const std::string& phase) {
  for (const auto& reading : read_memory()) {
    if (reading.bytes) result.series(reading.metric, std::vector<std::int64_t>{*reading.bytes}, phase);
    else result.absent(reading.metric, reading.reason, phase);
  }
}

}  // namespace

void memory_pass(const Job& job) {
  const auto& arguments = job.arguments;
  write_memory(job.result, "start");
  const auto model = open_model(job, false);
  write_memory(job.result, "loaded");
  Stretch stretch;
  if (!arguments.prompt.empty()) {
    const auto prompt = read_prompt(job, *model);
    prefill(*model, prompt);
    write_output(job, model->logits());
    auto token = model->best_token();
    auto position = static_cast<std::int64_t>(prompt.size());
    for (std::int64_t done = 1; done < arguments.decode_tokens; ++done) {
      model->feed(&token, 1, position++);
      token = model->best_token();
    }
  } else {
    const auto inputs = read_inputs(job, model->info());
    model->set_inputs(inputs);
    for (std::int64_t done = 0; done < arguments.warmup_iterations + arguments.iterations; ++done) {
      model->prepare();
      model->run();
      if (done == 0) write_output(job, model->outputs());
    }
  }
  stretch.end();
  write_memory(job.result, "ran");
  write_memory(job.result, "");  // the headline: after everything
  stretch.write(job.result);
}

}  // namespace farm
