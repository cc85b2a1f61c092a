#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "trace.h"

namespace farm {

using Bytes = std::vector<std::byte>;

struct RuntimeInfo {
  std::string name;
  std::string version;
  std::vector<std::string> backends;  // that are registered, whether or not a model uses them
  std::int64_t kernels = 0;
  std::string load_mode;  // how model files are read
};

struct TensorInfo {
  std::string dtype;                // NumPy's name of it
  std::vector<std::int64_t> shape;  // the largest one, where it can change
  std::size_t bytes = 0;
};

// What a language model's program says of itself; nullopt: it does not say.
struct LanguageModelInfo {
  std::optional<std::int64_t> max_context_tokens;
  std::optional<std::int64_t> vocabulary;
  bool many_tokens_at_once = false;  // prefill in one call; else one token a call
  std::string position_input;        // "start" ([1]: the first token's position) or "all" ([S]: every token's)
};

struct ModelInfo {
  // Which delegates compute: "xnnpack", "portable". A language model without its runtime's fused attention kernel, which is
  // slower for that, says so: "plain_attention+xnnpack".
  std::string flavour;
  std::vector<TensorInfo> inputs;
  std::vector<TensorInfo> outputs;
  std::optional<LanguageModelInfo> language_model;
};

// Logits as they lie in the model's memory: rows of float32, one for each token that it tells them of. Good until the next feed.
struct Logits {
  const float* data = nullptr;
  std::size_t rows = 0;
  std::size_t vocabulary = 0;
};

// A loaded model. One thread uses it.
class Model {
 public:
  Model() = default;
  virtual ~Model() = default;
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  virtual const ModelInfo& info() const = 0;

  // Sets what run() computes on: raw bytes, one entry for each input. They must outlive the runs.
  virtual void set_inputs(const std::vector<Bytes>& inputs) = 0;
  // Puts the inputs in place again: a runtime may reuse their memory while it computes. Not timed.
  virtual void prepare() = 0;
  // Computes once. This is what is timed.
  virtual void run() = 0;
  // All tensor outputs of the last run, one after the other.
  virtual Bytes outputs() const = 0;

  // Makes what feeding so many tokens at once needs, and feeding one: feed() itself then allocates nothing.
  virtual void expect_tokens(std::size_t count) = 0;
  // Feeds count tokens, the first of which stands at position start, through a language model.
  virtual void feed(const std::int64_t* tokens, std::size_t count, std::int64_t start) = 0;
  // The token with the highest logit after the last one that was fed.
  virtual std::int64_t best_token() const = 0;
  // The logits after the last token that was fed, as raw bytes.
  virtual Bytes logits() const = 0;
  // The logits of the tokens of the last feed: of all of them, or of the last one only, as the model gives them.
  virtual Logits all_logits() const = 0;

  // Of a model that was loaded to be traced: what is told how long each part of a computation takes.
  virtual Trace& trace() = 0;
};

// What load() is given of a model: the file itself, or what the runtime has made of it.
struct Prepared {
  std::string path;
  std::vector<std::string> files;          // all that load() reads
  std::optional<std::int64_t> compile_ns;  // how long compiling it took, of a model that was compiled in this process
};

struct LoadOptions {
  std::string method = "forward";
  std::int64_t threads = 1;
  bool thorough = false;      // check the file's inner consistency first, which reads all of its structure
  std::string compute_units;  // on which processors Core ML may compute; empty: all
  bool traced = false;        // tell how long each operator takes, which makes it slower
};

// A runtime that this program holds. Each is one file, which defines NAME_runtime; CMake picks them (linked_runtimes.cpp.in).
struct Runtime {
  const char* name;
  RuntimeInfo (*info)();
  // Makes what load() needs of a model file; it is never timed with the load. model_sha256 names what may be kept for other
  // processes, when it is not empty; anew: make it in this process, whatever was kept.
  Prepared (*prepare)(const std::string& path, const std::string& model_sha256, bool anew);
  // Loads a method of a prepared model. Throws Error: model_unreadable, model_invalid, operator_missing, backend_missing, ...
  std::unique_ptr<Model> (*load)(const std::string& path, const LoadOptions& options);
  const char* why_untraced = nullptr;  // why no model of it can be traced, as a sentence; nullptr: it can
};

// Those that are linked in, at least one.
const std::vector<const Runtime*>& linked_runtimes();

// Of runtimes that load a model file as it is.
inline Prepared as_it_is(const std::string& path, const std::string&, bool) { return {path, {path}, std::nullopt}; }

}  // namespace farm
