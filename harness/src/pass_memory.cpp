#include "passes.h"

namespace farm {
namespace {

void write_memory(ResultFile& result, const std::string& phase) {
  const auto memory = read_memory();
  const auto reading = [&](const std::string& metric, const std::optional<std::int64_t>& value, const char* reason) {
    if (value) result.series(metric, std::vector<std::int64_t>{*value}, phase);
    else result.absent(metric, reason, phase);
  };
  reading("vm_hwm_bytes", memory.vm_hwm_bytes, "/proc/self/status has no VmHWM");
  reading("rss_anon_bytes", memory.rss_anon_bytes, "/proc/self/status has no RssAnon");
  reading("pss_bytes", memory.pss_bytes, "/proc/self/smaps_rollup cannot be read");
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
