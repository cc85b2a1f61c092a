// Minutes of work without a pause: how fast it is at first, and how fast when the device has grown warm.
#include "passes.h"

namespace farm {
namespace {

// What was done in each stretch of about a second: pieces of work, and the time that they took.
class Windows {
 public:
  Windows(const Arguments& arguments, Clock::time_point epoch)
      : length_(std::chrono::milliseconds(arguments.window_ms)), epoch_(epoch), begun_(Clock::now()) {
    const auto room = static_cast<std::size_t>(arguments.duration_ms / arguments.window_ms + 2);
    items_.reserve(room);
    busy_ns_.reserve(room);
    at_ns_.reserve(room);
  }

  // Counts pieces of work that took so long and ended at stop. A window ends with the first one that ends past its length.
  void count(std::int64_t items, Clock::duration took, Clock::time_point stop) {
    open_items_ += items;
    open_busy_ += took;
    if (stop - begun_ < length_ || items_.size() == items_.capacity()) return;
    items_.push_back(open_items_);
    busy_ns_.push_back(std::chrono::duration_cast<std::chrono::nanoseconds>(open_busy_).count());
    at_ns_.push_back(std::chrono::duration_cast<std::chrono::nanoseconds>(stop - epoch_).count());
    open_items_ = 0;
    open_busy_ = {};
    begun_ = stop;
  }

  void write(ResultFile& result) const {
    result.series("window_items_count", items_, at_ns_, {});
    result.series("window_busy_ns", busy_ns_, at_ns_, {});
  }

 private:
  Clock::duration length_;
  Clock::time_point epoch_;
  Clock::time_point begun_;
  std::int64_t open_items_ = 0;
  Clock::duration open_busy_{};
  std::vector<std::int64_t> items_;
  std::vector<std::int64_t> busy_ns_;
  std::vector<std::int64_t> at_ns_;
};

void infer(Model& model, Windows& windows) {
  model.prepare();
  const auto start = Clock::now();
  model.run();
  const auto stop = Clock::now();
  windows.count(1, stop - start, stop);
}

// A whole generation; the time to the first token is not counted: what is followed is the speed of decoding.
void generate(Model& model, const std::vector<std::int64_t>& prompt, std::int64_t decode_tokens, Windows& windows) {
  prefill(model, prompt);
  auto token = model.best_token();
  auto position = static_cast<std::int64_t>(prompt.size());
  for (std::int64_t done = 1; done < decode_tokens; ++done) {
    const auto start = Clock::now();
    model.feed(&token, 1, position++);
    token = model.best_token();
    const auto stop = Clock::now();
    windows.count(1, stop - start, stop);
  }
}

}  // namespace

void sustain_pass(const Job& job) {
  const auto& arguments = job.arguments;
  const auto model = open_model(job, true);
  const bool language = !arguments.prompt.empty();
  const auto prompt = language ? read_prompt(job, *model) : std::vector<std::int64_t>();
  const auto inputs = language ? std::vector<Bytes>() : read_inputs(job, model->info());
  if (language) {
    prefill(*model, prompt);
    write_output(job, model->logits());
  } else {
    model->set_inputs(inputs);
    model->prepare();
    model->run();
    write_output(job, model->outputs());
  }

  const auto duration = std::chrono::milliseconds(arguments.duration_ms);
  const auto kernel_before = time_reference_kernel();
  auto settings = sampler_settings(job);
  settings.longest_s = arguments.duration_ms / 1000 + 60;
  Sampler sampler(settings);
  sampler.start();
  Stretch stretch;
  Windows windows(arguments, job.epoch);
  const auto begun = Clock::now();
  while (Clock::now() - begun < duration) {
    if (language) generate(*model, prompt, arguments.decode_tokens, windows);
    else infer(*model, windows);
  }
  stretch.end();
  sampler.stop();
  const auto kernel_after = time_reference_kernel();

  windows.write(job.result);
  write_reference_kernel(job.result, kernel_before, kernel_after);
  stretch.write(job.result);
  sampler.write(job.result);
}

}  // namespace farm
