#include <algorithm>
#include <cmath>

#include "error.h"
#include "items.h"
#include "passes.h"

namespace farm {
namespace {

// Answers the job's own input first, when it has one: it is held against the reference as in every other pass.
void answer_own_input(const Job& job, Model& model) {
  if (!job.arguments.prompt.empty()) {
    prefill(model, read_prompt(job, model));
    return write_output(job, model.logits());
  }
  if (job.arguments.inputs.empty()) return;
  const auto inputs = read_inputs(job, model.info());
  model.set_inputs(inputs);
  model.prepare();
  model.run();
  write_output(job, model.outputs());
}

// The bytes of an item's row: the whole first output, which has to be one row of float32.
std::size_t row_bytes(const ModelInfo& info) {
  if (info.outputs.empty()) throw Error("unsupported", "the model has no tensor output to answer an item with");
  const auto& output = info.outputs.front();
  if (output.dtype != "float32") throw Error("unsupported", "the model answers in " + output.dtype + ", an item's answer is float32");
  const auto row = output.shape.empty() ? 1 : static_cast<std::size_t>(output.shape.back());
  if (output.bytes != row * sizeof(float))
    throw Error("unsupported", "the model gives " + std::to_string(output.bytes / sizeof(float)) + " numbers in rows of " +
                                   std::to_string(row) + ", an item's answer is one row");
  return output.bytes;
}

std::vector<Bytes> room_for_inputs(const ItemFile& items, const ModelInfo& info) {
  if (items.sizes().size() != info.inputs.size()) {
    throw Error("input_mismatch",
                "the model takes " + std::to_string(info.inputs.size()) + " inputs, an item has " + std::to_string(items.sizes().size()));
  }
  std::vector<Bytes> inputs;
  for (std::size_t place = 0; place < info.inputs.size(); ++place) {
    inputs.emplace_back(items.sizes()[place]);
    if (inputs.back().size() != info.inputs[place].bytes) {
      throw Error("input_mismatch", "input " + std::to_string(place) + " of the model is " + std::to_string(info.inputs[place].bytes) +
                                        " bytes, an item's is " + std::to_string(inputs.back().size()));
    }
  }
  return inputs;
}

// Writes the first output of every item; returns how many numbers that were.
std::size_t classify(Model& model, ItemFile& items, ItemOutput& output) {
  const auto bytes = row_bytes(model.info());
  std::size_t stated = 0;
  for (const auto& one : model.info().outputs) stated += one.bytes;
  auto inputs = room_for_inputs(items, model.info());
  model.set_inputs(inputs);
  for (std::size_t item = 0; item < items.count(); ++item) {
    for (auto& input : inputs) items.read(input.data(), input.size());
    model.prepare();
    model.run();
    const auto row = model.outputs();
    // As of a Core ML model whose description leaves the output's shape out: its first number alone would be taken for the answer.
    if (row.size() > stated)
      throw Error("unsupported", "the model gives " + std::to_string(row.size()) + " bytes and says " + std::to_string(stated));
    if (row.size() < bytes) throw Error("unsupported", "the model's output changes its size between items");
    output.write(row.data(), bytes);
  }
  return items.count() * bytes / sizeof(float);
}

// The log-probability of a token under a row of logits: logit - log(sum(exp(logits))), the greatest logit taken out of the sum first.
double log_probability(const float* logits, std::size_t vocabulary, std::int64_t token) {
  const double greatest = *std::max_element(logits, logits + vocabulary);
  double sum = 0;
  for (std::size_t place = 0; place < vocabulary; ++place) sum += std::exp(static_cast<double>(logits[place]) - greatest);
  return static_cast<double>(logits[token]) - greatest - std::log(sum);
}

// Reads texts, and gives the log-probability of each token but the first.
class Reader {
 public:
  explicit Reader(Model& model) : model_(model), language_(*model.info().language_model) {
    longest_ =
        language_.many_tokens_at_once ? static_cast<std::size_t>(std::max<std::int64_t>(1, model.info().inputs.front().shape[1])) : 1;
  }

  const std::vector<double>& read(const std::vector<std::int64_t>& tokens) {
    check(tokens);
    while (!read_in_steps(tokens)) longest_ = 1;  // a model that gives the logits of the last token only is asked token by token
    return log_probabilities_;
  }

 private:
  void check(const std::vector<std::int64_t>& tokens) const {
    const auto length = static_cast<std::int64_t>(tokens.size());
    if (language_.max_context_tokens && length > *language_.max_context_tokens) {
      throw Error("input_mismatch", "an item has " + std::to_string(length) + " tokens, the model's context holds " +
                                        std::to_string(*language_.max_context_tokens));
    }
    for (const auto token : tokens) {
      if (token < 0 || (language_.vocabulary && token >= *language_.vocabulary)) outside(token);
    }
  }

  [[noreturn]] static void outside(std::int64_t token) {
    throw Error("input_mismatch", "an item's token " + std::to_string(token) + " is not in the vocabulary");
  }

  // Returns false when the model does not tell every token's logits. The last token is only a target: it is not fed.
  bool read_in_steps(const std::vector<std::int64_t>& tokens) {
    log_probabilities_.clear();
    const auto targets = tokens.size() - 1;
    while (log_probabilities_.size() < targets) {
      const auto at = log_probabilities_.size();
      const auto count = std::min(longest_, targets - at);
      model_.expect_tokens(count);
      model_.feed(&tokens[at], count, static_cast<std::int64_t>(at));
      const auto logits = model_.all_logits();
      if (logits.rows != count) {
        if (count > 1) return false;
        throw Error("unsupported", "the model gives " + std::to_string(logits.rows) + " rows of logits for one token");
      }
      for (std::size_t row = 0; row < count; ++row) {
        const auto target = tokens[at + row + 1];
        if (target >= static_cast<std::int64_t>(logits.vocabulary)) outside(target);
        log_probabilities_.push_back(log_probability(logits.data + row * logits.vocabulary, logits.vocabulary, target));
      }
    }
    return true;
  }

  Model& model_;
  const LanguageModelInfo& language_;
  std::size_t longest_ = 1;
  std::vector<double> log_probabilities_;
};

std::size_t read_texts(Model& model, ItemFile& items, ItemOutput& output) {
  if (!model.info().language_model) throw Error("input_mismatch", "the items are texts, and the model does not take tokens and positions");
  Reader reader(model);
  std::size_t written = 0;
  for (const auto size : items.sizes()) {
    std::vector<std::int64_t> tokens(size);
    items.read(tokens.data(), size * sizeof(tokens[0]));
    const auto& log_probabilities = reader.read(tokens);
    output.write(log_probabilities.data(), log_probabilities.size() * sizeof(log_probabilities[0]));
    written += log_probabilities.size();
  }
  return written;
}

}  // namespace

void quality_pass(const Job& job) {
  ItemFile items(job.arguments.items);
  const auto model = open_model(job, true);
  answer_own_input(job, *model);
  ItemOutput output(job.arguments.items_output);
  Stretch stretch;
  const auto written = items.kind() == ItemKind::kTokens ? read_texts(*model, items, output) : classify(*model, items, output);
  stretch.end();
  output.end();
  job.result.series("items_count", std::vector<std::int64_t>{static_cast<std::int64_t>(items.count())});
  job.result.series("item_values_count", std::vector<std::int64_t>{static_cast<std::int64_t>(written)});
  stretch.write(job.result);
}

}  // namespace farm
