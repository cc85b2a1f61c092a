#include <algorithm>
#include <functional>
#include <thread>

#include "passes.h"

namespace farm {
namespace {

constexpr auto kProgressEvery = std::chrono::milliseconds(100);

// One moment on the clocks that a phase is told in.
struct Moment {
  Clock::time_point monotonic = Clock::now();
  std::int64_t unix_ns = read_unix_ns();
  std::optional<std::int64_t> asleep_ns = read_asleep_ns();
  std::optional<CpuTime> cpus = read_cpu_time();
};

std::int64_t since_ns(Clock::time_point epoch, Clock::time_point at) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(at - epoch).count();
}

void write_phase(const Job& job, const std::string& phase, const Moment& begin, const Moment& end) {
  job.result.series("phase_ns", std::vector<std::int64_t>{since_ns(job.epoch, begin.monotonic), since_ns(job.epoch, end.monotonic)}, phase);
  job.result.series("phase_unix_ns", std::vector<std::int64_t>{begin.unix_ns, end.unix_ns}, phase);
  if (begin.asleep_ns && end.asleep_ns) {
    // Two clocks are not read in one moment: of a device that never slept the difference is a few nanoseconds to either side.
    job.result.series("phase_asleep_ns", std::vector<std::int64_t>{std::max<std::int64_t>(0, *end.asleep_ns - *begin.asleep_ns)}, phase);
  } else {
    job.result.absent("phase_asleep_ns", "this system does not say how long it was suspended", phase);
  }
  const auto count = [&](const char* metric, std::int64_t value) { job.result.series(metric, std::vector<std::int64_t>{value}, phase); };
  if (begin.cpus && end.cpus) {
    count("phase_cpus_ns", end.cpus->total_ns - begin.cpus->total_ns);
    count("phase_busy_ns", end.cpus->busy_ns - begin.cpus->busy_ns);
    count("phase_own_ns", end.cpus->own_ns - begin.cpus->own_ns);
  } else {
    job.result.absent("phase_busy_ns", "this system does not say what its CPUs did", phase);
  }
}

// How much was done by when: noted ten times a second, in memory that is there beforehand.
class Progress {
 public:
  Progress(Clock::time_point begin, std::int64_t duration_ms)
      : next_(begin + kProgressEvery), end_(begin + std::chrono::milliseconds(duration_ms)) {
    const auto room = static_cast<std::size_t>(duration_ms / kProgressEvery.count() + 1000);
    done_.reserve(room);
    at_.reserve(room);
    note(begin);
  }

  // One more is done. The only clock read for it.
  void add() {
    ++count_;
    last_ = Clock::now();
    if (last_ < next_) return;
    note(last_);
    while (next_ <= last_) next_ += kProgressEvery;
  }

  bool over() const { return last_ >= end_; }

  void write(const Job& job, const std::string& metric) {
    if (done_.back() < count_) {
      done_.push_back(count_);
      at_.push_back(last_);
    }
    std::vector<std::int64_t> at_ns;
    for (const auto at : at_) at_ns.push_back(since_ns(job.epoch, at));
    job.result.series(metric, done_, at_ns, "work");
  }

 private:
  void note(Clock::time_point at) {
    if (done_.size() == done_.capacity()) return;  // work that goes on past its time: its end is noted when it is written
    done_.push_back(count_);
    at_.push_back(at);
  }

  std::int64_t count_ = 0;
  Clock::time_point next_;
  Clock::time_point end_;
  Clock::time_point last_{};
  std::vector<std::int64_t> done_;
  std::vector<Clock::time_point> at_;
};

// What one step of the work is, and what of it is counted.
struct Work {
  std::string metric;
  std::function<void(Progress*)> step;  // without a Progress: warming up
};

Work inferences(const Job& job, Model& model, const std::vector<Bytes>& inputs) {
  model.set_inputs(inputs);
  model.prepare();
  model.run();
  write_output(job, model.outputs());
  return {"inferences_count", [&model](Progress* progress) {
            model.prepare();
            model.run();
            if (progress != nullptr) progress->add();
          }};
}

// A step is a whole generation: the prompt, then greedy decoding. Its tokens are counted, the prompt's are not.
Work generations(const Job& job, Model& model, const std::vector<std::int64_t>& prompt) {
  prefill(model, prompt);
  write_output(job, model.logits());
  const auto wanted = job.arguments.decode_tokens;
  return {"tokens_count", [&model, &prompt, wanted](Progress* progress) {
            prefill(model, prompt);
            auto position = static_cast<std::int64_t>(prompt.size());
            for (std::int64_t made = 1;; ++made) {
              const auto token = model.best_token();
              if (progress != nullptr) progress->add();
              if (made == wanted) return;
              model.feed(&token, 1, position++);
            }
          }};
}

}  // namespace

void power_pass(const Job& job) {
  const auto& arguments = job.arguments;
  const auto model = open_model(job, true);
  const bool language = !arguments.prompt.empty();
  const auto inputs = language ? std::vector<Bytes>() : read_inputs(job, model->info());
  const auto prompt = language ? read_prompt(job, *model) : std::vector<std::int64_t>();
  const auto work = language ? generations(job, *model, prompt) : inferences(job, *model, inputs);
  for (std::int64_t done = 0; done < arguments.warmup_iterations; ++done) work.step(nullptr);

  auto settings = sampler_settings(job);
  settings.power = true;
  settings.longest_s = (arguments.idle_ms + 2 * arguments.duration_ms) / 1000 + 60;
  Sampler sampler(settings);
  sampler.start();
  const Moment idle_begin;
  std::this_thread::sleep_until(idle_begin.monotonic + std::chrono::milliseconds(arguments.idle_ms));
  const Moment idle_end;
  Stretch stretch;
  const Moment work_begin;
  Progress progress(work_begin.monotonic, arguments.duration_ms);
  std::int64_t steps = 0;
  for (; !progress.over(); ++steps) work.step(&progress);
  const Moment work_end;
  stretch.end();
  sampler.stop();

  write_phase(job, "idle", idle_begin, idle_end);
  write_phase(job, "work", work_begin, work_end);
  progress.write(job, work.metric);
  if (language) {
    job.result.series("generations_count", std::vector<std::int64_t>{steps}, "work");
    job.result.series("prompt_tokens_count", std::vector<std::int64_t>{static_cast<std::int64_t>(prompt.size())});
    job.result.series("decode_tokens_count", std::vector<std::int64_t>{arguments.decode_tokens});
  }
  stretch.write(job.result);
  sampler.write(job.result);
}

}  // namespace farm
