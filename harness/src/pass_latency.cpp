#include "passes.h"

namespace farm {

void latency_pass(const Job& job) {
  const auto& arguments = job.arguments;
  const auto model = open_model(job, true);
  const auto inputs = read_inputs(job, model->info());
  model->set_inputs(inputs);
  model->prepare();
  model->run();
  write_output(job, model->outputs());
  for (std::int64_t done = 0; done < arguments.warmup_iterations; ++done) {
    model->prepare();
    model->run();
  }

  // Sized and touched beforehand: the loop writes to memory that is there.
  std::vector<std::int64_t> latency_ns(static_cast<std::size_t>(arguments.max_iterations), 0);
  const auto least = static_cast<std::size_t>(arguments.iterations);
  const auto duration = std::chrono::milliseconds(arguments.duration_ms);
  const auto kernel_before = time_reference_kernel();
  Sampler sampler(sampler_settings(job));
  sampler.start();
  Stretch stretch;
  std::size_t done = 0;
  const auto begun = Clock::now();
  auto stop = begun;
  while (done < latency_ns.size() && (done < least || stop - begun < duration)) {
    model->prepare();
    const auto start = Clock::now();
    model->run();
    stop = Clock::now();
    latency_ns[done++] = std::chrono::duration_cast<std::chrono::nanoseconds>(stop - start).count();
  }
  stretch.end();
  sampler.stop();
  const auto kernel_after = time_reference_kernel();

  latency_ns.resize(done);
  job.result.series("latency_ns", latency_ns);
  write_reference_kernel(job.result, kernel_before, kernel_after);
  stretch.write(job.result);
  sampler.write(job.result);
}

}  // namespace farm
