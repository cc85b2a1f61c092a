// A runtime that spins or sleeps for a stated time, for tests of everything around it. Its model is a text file:
// `farm-fake 1`, then `key value` lines. It crashes, hangs and fails for real where the file says so.

#include <unistd.h>

#include <chrono>
#include <cstring>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>
#include <thread>

#include "error.h"
#include "runtime.h"

namespace farm {
namespace {

using Clock = std::chrono::steady_clock;

// A part that spins for a stated time, after those within it.
struct Part {
  std::string name;
  std::int64_t spin_ns = 0;
  std::vector<Part> inner;
};

struct Script {
  std::vector<Part> parts;  // computed after spin_ns
  std::int64_t spin_ns = 0;
  std::int64_t sleep_ns = 0;
  std::int64_t load_ns = 0;
  std::int64_t allocate_bytes = 0;
  std::int64_t input_bytes = 4;
  std::int64_t vocabulary = 0;
  std::int64_t context = 0;
  std::int64_t echo = 0;           // 1: the output is the input, as float32
  std::int64_t one_at_a_time = 0;  // 1: takes one token a call
  std::int64_t all_positions = 0;  // 1: takes the position of every token
  std::int64_t all_logits = 0;     // 1: gives the logits of every token
  std::int64_t crash_at_iteration = 0;
  std::int64_t hang_at_iteration = 0;
  std::int64_t exit_at_iteration = 0;
  std::int64_t fail_at_iteration = 0;
  std::string fail_load;
  std::vector<float> output = {1.0F};
};

[[noreturn]] void invalid(const std::string& path, const std::string& why) {
  throw Error("model_invalid", path + " is not a model of the fake runtime: " + why);
}

std::vector<float> floats(const std::string& path, const std::string& text) {
  std::istringstream words(text);
  std::vector<float> values;
  for (std::string word; words >> word;) {
    values.push_back(word == "nan" ? std::numeric_limits<float>::quiet_NaN() : std::strtof(word.c_str(), nullptr));
  }
  if (values.empty()) invalid(path, "output_values is empty");
  return values;
}

// Reads "NAME NANOSECONDS".
Part part_of(const std::string& path, const std::string& text) {
  const auto space = text.rfind(' ');
  if (space == std::string::npos || space == 0) invalid(path, "\"" + text + "\" is no part");
  return {text.substr(0, space), std::strtoll(text.c_str() + space, nullptr, 10), {}};
}

Script read_script(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw Error("model_unreadable", "the model " + path + " cannot be opened");
  Script script;
  const std::map<std::string, std::int64_t*> numbers = {
      {"spin_ns", &script.spin_ns},
      {"sleep_ns", &script.sleep_ns},
      {"load_ns", &script.load_ns},
      {"allocate_bytes", &script.allocate_bytes},
      {"input_bytes", &script.input_bytes},
      {"vocabulary", &script.vocabulary},
      {"context", &script.context},
      {"echo", &script.echo},
      {"one_at_a_time", &script.one_at_a_time},
      {"all_positions", &script.all_positions},
      {"all_logits", &script.all_logits},
      {"crash_at_iteration", &script.crash_at_iteration},
      {"hang_at_iteration", &script.hang_at_iteration},
      {"exit_at_iteration", &script.exit_at_iteration},
      {"fail_at_iteration", &script.fail_at_iteration},
  };
  std::string line;
  if (!std::getline(file, line) || line != "farm-fake 1") invalid(path, "its first line is not \"farm-fake 1\"");
  while (std::getline(file, line)) {
    const auto space = line.find(' ');
    const auto key = line.substr(0, space);
    const auto value = space == std::string::npos ? std::string() : line.substr(space + 1);
    if (key == "fail_load") {
      script.fail_load = value;
    } else if (key == "output_values") {
      script.output = floats(path, value);
    } else if (key == "part") {
      script.parts.push_back(part_of(path, value));
    } else if (key == "inner" && !script.parts.empty()) {
      script.parts.back().inner.push_back(part_of(path, value));
    } else if (const auto found = numbers.find(key); found != numbers.end() && !value.empty()) {
      *found->second = std::strtoll(value.c_str(), nullptr, 10);
    } else if (!line.empty()) {
      invalid(path, "\"" + line + "\" is not understood");
    }
  }
  return script;
}

void spin(std::int64_t duration_ns) {
  const auto until = Clock::now() + std::chrono::nanoseconds(duration_ns);
  while (Clock::now() < until) {
  }
}

class FakeModel final : public Model {
 public:
  explicit FakeModel(Script script) : script_(std::move(script)), memory_(static_cast<std::size_t>(script_.allocate_bytes), std::byte{1}) {
    info_.flavour = "fake";
    const auto input_bytes = static_cast<std::size_t>(script_.input_bytes);
    info_.inputs = {{"uint8", {script_.input_bytes}, input_bytes}};
    info_.outputs = {{"float32", {static_cast<std::int64_t>(script_.output.size())}, script_.output.size() * sizeof(float)}};
    if (script_.echo != 0) info_.outputs = {{"float32", {1, script_.input_bytes / 4}, input_bytes}};
    if (script_.vocabulary > 0) {
      const bool all = script_.all_positions != 0;
      info_.inputs = {{"int64", {1, script_.context}, 0}, {"int64", {all ? script_.context : 1}, 0}};
      info_.language_model = LanguageModelInfo{script_.context, script_.vocabulary, script_.one_at_a_time == 0, all ? "all" : "start"};
    }
  }

  const ModelInfo& info() const override { return info_; }
  void set_inputs(const std::vector<Bytes>& inputs) override { input_ = inputs.empty() ? nullptr : &inputs.front(); }
  void prepare() override {}

  void run() override {
    ++iteration_;
    misbehave();
    spin(script_.spin_ns);
    std::int64_t place = 0;
    for (const auto& part : script_.parts) compute(part, {}, place++);
    if (script_.sleep_ns > 0) std::this_thread::sleep_for(std::chrono::nanoseconds(script_.sleep_ns));
  }

  Bytes outputs() const override { return script_.echo != 0 && input_ != nullptr ? *input_ : bytes_of(script_.output); }

  void expect_tokens(std::size_t count) override { expected_tokens_ = count; }

  void feed(const std::int64_t* tokens, std::size_t count, std::int64_t start) override {
    if (count != 1 && count != expected_tokens_) throw Error("unsupported", "tokens were fed that had not been expected");
    if (start != 0 && start != position_) throw Error("execution_failed", "the fake runtime was fed out of order");
    if (count > 1 && script_.one_at_a_time != 0) throw Error("execution_failed", "the fake runtime takes one token at a time");
    run();
    position_ = start + static_cast<std::int64_t>(count);
    last_token_ = tokens[count - 1];
    logits_.clear();
    for (std::size_t place = script_.all_logits != 0 ? 0 : count - 1; place < count; ++place) {
      logits_.resize(logits_.size() + static_cast<std::size_t>(script_.vocabulary), 0.0F);
      logits_[logits_.size() - static_cast<std::size_t>(script_.vocabulary - after(tokens[place]))] = 1.0F;
    }
  }

  std::int64_t best_token() const override { return after(last_token_); }

  Bytes logits() const override { return bytes_of({logits_.end() - script_.vocabulary, logits_.end()}); }

  Logits all_logits() const override {
    const auto vocabulary = static_cast<std::size_t>(script_.vocabulary);
    return {logits_.data(), logits_.size() / vocabulary, vocabulary};
  }

  Trace& trace() override { return trace_; }

 private:
  // A part with inner ones is computed by the delegate "inner", as they are.
  void compute(const Part& part, std::string_view delegate, std::int64_t instruction) {
    if (!part.inner.empty()) delegate = "inner";
    trace_.open({part.name, delegate, instruction});
    for (const auto& inner : part.inner) compute(inner, delegate, -1);
    spin(part.spin_ns);
    trace_.close();
  }

  // The rule: the token that follows t is t + 1, round the vocabulary. Its logit is 1, every other one's 0.
  std::int64_t after(std::int64_t token) const { return (token + 1) % script_.vocabulary; }

  static Bytes bytes_of(const std::vector<float>& values) {
    Bytes bytes(values.size() * sizeof(float));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
  }

  void misbehave() const {
    if (iteration_ == script_.crash_at_iteration) std::abort();
    if (iteration_ == script_.exit_at_iteration) ::_exit(0);
    while (iteration_ == script_.hang_at_iteration) std::this_thread::sleep_for(std::chrono::hours(1));
    if (iteration_ == script_.fail_at_iteration) throw Error("execution_failed", "the fake runtime failed, as its model says");
  }

  Script script_;
  Bytes memory_;
  ModelInfo info_;
  Trace trace_;
  std::int64_t iteration_ = 0;
  std::size_t expected_tokens_ = 0;
  std::int64_t last_token_ = 0;
  std::int64_t position_ = 0;
  std::vector<float> logits_;
  const Bytes* input_ = nullptr;
};

RuntimeInfo runtime_info() { return {"fake", "1", {"fake"}, 1, "stream"}; }

std::unique_ptr<Model> load_model(const std::string& path, const LoadOptions&) {
  Script script = read_script(path);
  spin(script.load_ns);
  if (!script.fail_load.empty()) throw Error("model_invalid", script.fail_load);
  return std::make_unique<FakeModel>(std::move(script));
}

}  // namespace

extern const Runtime fake_runtime = {"fake", runtime_info, as_it_is, load_model, nullptr};

}  // namespace farm
