// ExecuTorch, by its Program and Method classes: Module would allocate its list of outputs within every timed call.

#include <executorch/extension/data_loader/mmap_data_loader.h>
#include <executorch/extension/tensor/tensor_ptr_maker.h>
#include <executorch/runtime/backend/interface.h>
#include <executorch/runtime/executor/program.h>
#include <executorch/runtime/kernel/operator_registry.h>
#include <executorch/runtime/platform/runtime.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "error.h"
#include "executorch_errors.h"
#include "executorch_language.h"
#include "executorch_method.h"
#include "executorch_trace.h"
#include "runtime.h"

// The wheel has these symbols in libexecutorch_threadpool, and no header for them.
namespace executorch::extension::threadpool {
class ThreadPool {
 public:
  bool _unsafe_reset_threadpool(std::uint32_t threads);
  std::size_t get_thread_count() const;
};
ThreadPool* get_threadpool();
}  // namespace executorch::extension::threadpool

namespace farm {
namespace {

namespace et = ::executorch::runtime;
using ::executorch::aten::ScalarType;
using ::executorch::aten::Tensor;
using ::executorch::extension::MmapDataLoader;
using ::executorch::extension::TensorPtr;

// ---- Types and shapes ----

std::string dtype_name(ScalarType type) {
  switch (type) {
    case ScalarType::Byte: return "uint8";
    case ScalarType::Char: return "int8";
    case ScalarType::Short: return "int16";
    case ScalarType::Int: return "int32";
    case ScalarType::Long: return "int64";
    case ScalarType::Half: return "float16";
    case ScalarType::Float: return "float32";
    case ScalarType::Double: return "float64";
    case ScalarType::Bool: return "bool";
    case ScalarType::BFloat16: return "bfloat16";
    default: return "other";
  }
}

TensorInfo tensor_info(const et::TensorInfo& meta) {
  return {dtype_name(meta.scalar_type()), {meta.sizes().begin(), meta.sizes().end()}, meta.nbytes()};
}

// "XnnpackBackend" -> "xnnpack"
std::string short_name(std::string backend) {
  std::transform(backend.begin(), backend.end(), backend.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  const auto suffix = backend.rfind("backend");
  return suffix == std::string::npos || suffix == 0 ? backend : backend.substr(0, suffix);
}

// ---- The model ----

class ExecuTorchModel final : public Model {
 public:
  ExecuTorchModel(std::unique_ptr<MmapDataLoader> loader, std::unique_ptr<et::Program> program, const LoadOptions& options)
      : loader_(std::move(loader)), program_(std::move(program)), method_name_(options.method) {
    read_signature();
    if (options.traced) tracer_ = std::make_unique<OperatorTracer>(delegates());
    method_ = std::make_unique<LoadedMethod>(*program_, method_name_, tracer_.get());
  }

  // Described when it is first asked for: what a program says of itself is no part of loading it.
  const ModelInfo& info() const override {
    if (!info_) info_ = describe();
    return *info_;
  }

  void set_inputs(const std::vector<Bytes>& inputs) override {
    tensors_.clear();
    for (std::size_t place = 0; place < inputs.size(); ++place) {
      const auto& meta = metas_[place];
      std::vector<::executorch::aten::SizesType> sizes(meta.sizes().begin(), meta.sizes().end());
      // The runtime takes inputs by non-const pointer and only reads them.
      auto* data = const_cast<std::byte*>(inputs[place].data());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
      tensors_.push_back(::executorch::extension::from_blob(data, std::move(sizes), meta.scalar_type()));
    }
  }

  void prepare() override {
    for (std::size_t place = 0; place < tensors_.size(); ++place) {
      const auto error = method_->get().set_input(*tensors_[place], place);
      if (error != et::Error::Ok) fail(error, "input " + std::to_string(place) + " was refused");  // no words before: feed() is timed
    }
  }

  void run() override {
    const auto error = method_->get().execute();
    if (error != et::Error::Ok) fail(error, "the model failed while it ran");
  }

  Bytes outputs() const override {
    Bytes all;
    const auto& method = method_->get();
    for (std::size_t place = 0; place < method.outputs_size(); ++place) {
      const auto& value = method.get_output(place);
      if (!value.isTensor()) continue;
      const auto& tensor = value.toTensor();
      const auto* data = static_cast<const std::byte*>(tensor.const_data_ptr());
      all.insert(all.end(), data, data + tensor.nbytes());
    }
    return all;
  }

  void expect_tokens(std::size_t count) override {
    if (!token_inputs_) token_inputs_.emplace(*info().language_model);
    token_inputs_->expect(count);
    tensors_.reserve(2);
  }

  void feed(const std::int64_t* tokens, std::size_t count, std::int64_t start) override {
    tensors_ = token_inputs_->filled(tokens, count, start);  // two counted pointers, into room that is there
    prepare();
    run();
  }

  std::int64_t best_token() const override {
    const auto [data, count] = last_logits();
    return std::max_element(data, data + count) - data;
  }

  // The first output: [.., S, V] or [.., V].
  Logits all_logits() const override {
    const auto& tensor = method_->get().get_output(0).toTensor();
    if (tensor.scalar_type() != ScalarType::Float)
      throw Error("unsupported", "the model's logits are " + dtype_name(tensor.scalar_type()) + ", not float32");
    const auto vocabulary = static_cast<std::size_t>(tensor.size(tensor.dim() - 1));
    return {tensor.const_data_ptr<float>(), static_cast<std::size_t>(tensor.numel()) / vocabulary, vocabulary};
  }

  Bytes logits() const override {
    const auto [data, count] = last_logits();
    Bytes bytes(count * sizeof(float));
    std::memcpy(bytes.data(), data, bytes.size());
    return bytes;
  }

  Trace& trace() override {
    if (!tracer_) throw Error("unsupported", "the model was not loaded to be traced");
    return tracer_->trace();
  }

 private:
  std::pair<const float*, std::size_t> last_logits() const {
    const auto logits = all_logits();
    return {logits.data + (logits.rows - 1) * logits.vocabulary, logits.vocabulary};
  }

  // Reads the method's inputs, and refuses a program for which a backend is missing before anything is loaded.
  void read_signature() {
    const auto meta = signature();
    for (std::size_t place = 0; place < meta.num_backends(); ++place) {
      const auto* name = *meta.get_backend_name(place);
      if (et::get_backend_class(name) == nullptr) {
        throw Error("backend_missing", std::string("the model is delegated to ") + name + ", which this harness does not have");
      }
    }
    for (std::size_t place = 0; place < meta.num_inputs(); ++place) {
      const auto input = meta.input_tensor_meta(place);
      if (!input.ok()) throw Error("unsupported", "input " + std::to_string(place) + " of the model is no tensor");
      metas_.push_back(*input);
    }
  }

  et::MethodMeta signature() const {
    const auto meta = program_->method_meta(method_name_.c_str());
    if (!meta.ok()) throw Error("model_invalid", "the model has no method \"" + method_name_ + "\"", last_log());
    return *meta;
  }

  // What the method's delegate calls may be computed by: events do not tell which of several.
  std::string delegates() const {
    const auto meta = signature();
    std::set<std::string> names;
    for (std::size_t place = 0; place < meta.num_backends(); ++place) names.insert(short_name(*meta.get_backend_name(place)));
    std::string all;
    for (const auto& name : names) all += (all.empty() ? "" : " or ") + name;
    return all;
  }

  ModelInfo describe() const {
    ModelInfo info;
    const auto meta = signature();
    std::set<std::string> parts;
    for (std::size_t place = 0; place < meta.num_backends(); ++place) parts.insert(short_name(*meta.get_backend_name(place)));
    if (parts.empty()) parts.insert("portable");
    for (const auto& input : metas_) info.inputs.push_back(tensor_info(input));
    for (std::size_t place = 0; place < meta.num_outputs(); ++place) {
      if (const auto output = meta.output_tensor_meta(place); output.ok()) info.outputs.push_back(tensor_info(*output));
    }
    info.language_model = language_model(*program_, info.inputs);
    if (info.language_model && !has_fused_attention(*loader_)) parts.insert("plain_attention");
    for (const auto& part : parts) info.flavour += (info.flavour.empty() ? "" : "+") + part;
    return info;
  }

  std::unique_ptr<MmapDataLoader> loader_;
  std::unique_ptr<et::Program> program_;
  std::string method_name_;
  mutable std::optional<ModelInfo> info_;
  std::vector<et::TensorInfo> metas_;
  std::unique_ptr<OperatorTracer> tracer_;
  std::unique_ptr<LoadedMethod> method_;
  std::vector<TensorPtr> tensors_;
  std::optional<TokenInputs> token_inputs_;
};

void set_threads(std::int64_t threads) {
  auto* pool = ::executorch::extension::threadpool::get_threadpool();
  if (pool == nullptr || !pool->_unsafe_reset_threadpool(static_cast<std::uint32_t>(threads)) ||
      pool->get_thread_count() != static_cast<std::size_t>(threads)) {
    throw Error("unsupported", "the runtime's thread pool cannot be set to " + std::to_string(threads) + " threads");
  }
}

RuntimeInfo runtime_info() {
  et::runtime_init();
  RuntimeInfo info{"executorch", FARM_RUNTIME_VERSION, {}, 0, "mmap"};
  for (std::size_t place = 0; place < et::get_num_registered_backends(); ++place) {
    if (const auto name = et::get_backend_name(place); name.ok()) info.backends.emplace_back(*name);
  }
  std::sort(info.backends.begin(), info.backends.end());
  info.kernels = static_cast<std::int64_t>(et::get_registered_kernels().size());
  return info;
}

std::unique_ptr<Model> load_model(const std::string& path, const LoadOptions& options) {
  last_log().clear();
  set_threads(options.threads);  // before load_method: delegates take the pool as it is then
  auto loader = MmapDataLoader::from(path.c_str(), MmapDataLoader::MlockConfig::NoMlock);
  if (!loader.ok())
    throw Error("model_unreadable", "the model " + path + " cannot be opened", last_log(), static_cast<std::int64_t>(loader.error()));
  auto owned = std::make_unique<MmapDataLoader>(std::move(*loader));
  const auto verification = options.thorough ? et::Program::Verification::InternalConsistency : et::Program::Verification::Minimal;
  auto program = et::Program::load(owned.get(), verification);
  if (!program.ok()) {
    throw Error("model_invalid", "the model " + path + " is not a whole ExecuTorch program", last_log(),
                static_cast<std::int64_t>(program.error()));
  }
  return std::make_unique<ExecuTorchModel>(std::move(owned), std::make_unique<et::Program>(std::move(*program)), options);
}

}  // namespace

extern const Runtime executorch_runtime = {"executorch", runtime_info, as_it_is, load_model, nullptr};

}  // namespace farm
