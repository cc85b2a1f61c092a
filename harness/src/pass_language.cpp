#include "passes.h"

namespace farm {
namespace {

struct Generation {
  std::vector<std::int64_t> ttft_ns;
  std::vector<std::int64_t> prefill_ns;
  std::vector<std::int64_t> token_ns;
  std::vector<std::int64_t> tokens;
};

// Generates greedily, and notes when each token was there. Position 0 begins the cache anew.
void generate(Model& model, const std::vector<std::int64_t>& prompt, std::size_t decode_tokens, Generation& into) {
  const auto start = Clock::now();
  prefill(model, prompt);
  into.prefill_ns.push_back(elapsed_ns(start));
  auto token = model.best_token();
  into.ttft_ns.push_back(elapsed_ns(start));
  auto position = static_cast<std::int64_t>(prompt.size());
  into.tokens.clear();
  into.tokens.push_back(token);
  while (into.tokens.size() < decode_tokens) {
    const auto before = Clock::now();
    model.feed(&token, 1, position++);
    token = model.best_token();
    into.token_ns.push_back(elapsed_ns(before));
    into.tokens.push_back(token);
  }
}

// Room for everything that generations write, so that nothing is allocated between clock reads.
Generation room_for(const Arguments& arguments) {
  const auto generations = static_cast<std::size_t>(arguments.generations);
  const auto tokens = static_cast<std::size_t>(arguments.decode_tokens);
  Generation generation;
  generation.ttft_ns.reserve(generations);
  generation.prefill_ns.reserve(generations);
  generation.token_ns.reserve(generations * tokens);
  generation.tokens.reserve(tokens);
  return generation;
}

}  // namespace

void language_latency_pass(const Job& job) {
  const auto& arguments = job.arguments;
  const auto model = open_model(job, true);
  const auto prompt = read_prompt(job, *model);
  const auto decode_tokens = static_cast<std::size_t>(arguments.decode_tokens);
  prefill(*model, prompt);
  write_output(job, model->logits());
  for (std::int64_t done = 0; done < arguments.warmup_iterations; ++done) {
    auto warmup = room_for(arguments);
    generate(*model, prompt, decode_tokens, warmup);
  }

  auto generation = room_for(arguments);
  const auto kernel_before = time_reference_kernel();
  Sampler sampler(sampler_settings(job));
  sampler.start();
  Stretch stretch;
  for (std::int64_t done = 0; done < arguments.generations; ++done) generate(*model, prompt, decode_tokens, generation);
  stretch.end();
  sampler.stop();
  const auto kernel_after = time_reference_kernel();

  job.result.series("ttft_ns", generation.ttft_ns);
  job.result.series("prefill_ns", generation.prefill_ns);
  job.result.series("token_ns", generation.token_ns);
  job.result.series("prompt_tokens_count", std::vector<std::int64_t>{static_cast<std::int64_t>(prompt.size())});
  job.result.series("decode_tokens_count", std::vector<std::int64_t>{arguments.decode_tokens});
  job.result.line(JsonObject().text("type", "tokens").integers("values", generation.tokens));
  write_reference_kernel(job.result, kernel_before, kernel_after);
  stretch.write(job.result);
  sampler.write(job.result);
}

}  // namespace farm
