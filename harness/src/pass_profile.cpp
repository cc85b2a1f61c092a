// How long each operator takes. Its total is no latency: whoever is watched is slower.
#include <algorithm>

#include "error.h"
#include "passes.h"

namespace farm {
namespace {

constexpr std::size_t kMostTimes = 200'000;  // that a result holds, of all parts together

// One computation after the other, as a latency pass times them: an inference, or a decoded token.
class Work {
 public:
  Work(const Job& job, Model& model) : model_(model), decode_tokens_(job.arguments.decode_tokens) {
    if (job.arguments.prompt.empty()) {
      inputs_ = read_inputs(job, model.info());
      model_.set_inputs(inputs_);
      model_.prepare();
      model_.run();
      write_output(job, model_.outputs());
    } else {
      prompt_ = read_prompt(job, model);
      prefill(model_, prompt_);
      write_output(job, model_.logits());
    }
  }

  // Makes the next computation ready; a generation that is at its end begins anew. Nothing is kept of it.
  void prepare() {
    if (prompt_.empty()) return model_.prepare();
    if (left_ > 0) return;
    prefill(model_, prompt_);
    token_ = model_.best_token();
    position_ = static_cast<std::int64_t>(prompt_.size());
    left_ = decode_tokens_ - 1;  // the first one came with the prompt
  }

  void compute() {
    if (prompt_.empty()) return model_.run();
    model_.feed(&token_, 1, position_++);
    token_ = model_.best_token();
    --left_;
  }

 private:
  Model& model_;
  std::vector<Bytes> inputs_;
  std::vector<std::int64_t> prompt_;
  std::int64_t decode_tokens_;
  std::int64_t left_ = 0;
  std::int64_t token_ = 0;
  std::int64_t position_ = 0;
};

struct Count {
  std::size_t least;
  std::size_t most;
};

Count wanted(const Arguments& arguments, std::size_t parts) {
  auto least = static_cast<std::size_t>(arguments.iterations);
  auto most = static_cast<std::size_t>(arguments.max_iterations);
  if (!arguments.prompt.empty()) least = most = static_cast<std::size_t>(arguments.generations * (arguments.decode_tokens - 1));
  most = std::min(most, std::max<std::size_t>(1, kMostTimes / std::max<std::size_t>(1, parts)));
  return {least, most};
}

void learn(Work& work, Trace& trace, std::int64_t times) {
  for (std::int64_t done = 0; done < std::max<std::int64_t>(1, times); ++done) {
    trace.pause();
    work.prepare();
    trace.learn();
    work.compute();
  }
  trace.pause();
}

}  // namespace

JsonObject operator_line(std::size_t place, const TracedPart& part, std::int64_t calls, const std::vector<std::int64_t>& times_ns) {
  JsonObject line;
  line.text("type", "operator").integer("index", static_cast<std::int64_t>(place));
  if (part.parent) line.integer("parent", static_cast<std::int64_t>(*part.parent));
  line.text("name", part.name);
  if (!part.delegate.empty()) line.text("delegate", part.delegate);
  if (part.instruction >= 0) line.integer("instruction", part.instruction);
  if (part.debug_id >= 0) line.integer("debug_id", part.debug_id);
  return line.integer("calls", calls).integers("times_ns", times_ns);
}

void profile_pass(const Job& job) {
  if (job.runtime.why_untraced != nullptr) throw Error("unsupported", job.runtime.why_untraced);
  const auto& arguments = job.arguments;
  const bool language = !arguments.prompt.empty();
  const auto model = open_model(job, true);
  auto& trace = model->trace();
  Work work(job, *model);
  learn(work, trace, arguments.warmup_iterations);
  if (trace.parts().empty())
    throw Error("unsupported", "the runtime times no operator: this build of it has no event tracing, or the model no operators");

  const auto count = wanted(arguments, trace.parts().size());
  trace.expect(count.most);
  std::vector<std::int64_t> total_ns(count.most, 0);
  const auto duration = std::chrono::milliseconds(language ? 0 : arguments.duration_ms);
  const auto kernel_before = time_reference_kernel();
  Sampler sampler(sampler_settings(job));
  sampler.start();
  Stretch stretch;
  std::size_t done = 0;
  const auto begun = Clock::now();
  auto stop = begun;
  while (done < count.most && (done < count.least || stop - begun < duration)) {
    trace.pause();
    work.prepare();
    trace.begin();
    const auto start = Clock::now();
    work.compute();
    stop = Clock::now();
    total_ns[done++] = std::chrono::duration_cast<std::chrono::nanoseconds>(stop - start).count();
  }
  trace.pause();
  stretch.end();
  sampler.stop();
  const auto kernel_after = time_reference_kernel();

  if (trace.met_unknown()) {
    throw Error("unsupported",
                "the model computed other operators while it was timed than in its warm-up: a profile of it would not be whole");
  }
  total_ns.resize(done);
  job.result.series(language ? "traced_token_ns" : "traced_latency_ns", total_ns);
  for (std::size_t place = 0; place < trace.parts().size(); ++place)
    job.result.line(operator_line(place, trace.parts()[place], trace.calls(place), trace.times_ns(place)));
  write_reference_kernel(job.result, kernel_before, kernel_after);
  stretch.write(job.result);
  sampler.write(job.result);
}

}  // namespace farm
