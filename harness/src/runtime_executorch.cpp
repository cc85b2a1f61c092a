// ExecuTorch, by its Program and Method classes: Module would allocate its list of outputs within every timed call.

#include <executorch/extension/data_loader/mmap_data_loader.h>
#include <executorch/extension/memory_allocator/malloc_memory_allocator.h>
#include <executorch/extension/tensor/tensor_ptr_maker.h>
#include <executorch/runtime/backend/interface.h>
#include <executorch/runtime/executor/program.h>
#include <executorch/runtime/kernel/operator_registry.h>
#include <executorch/runtime/platform/platform.h>
#include <executorch/runtime/platform/runtime.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <set>
#include <string_view>

#include "error.h"
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
using ::executorch::extension::MallocMemoryAllocator;
using ::executorch::extension::MmapDataLoader;
using ::executorch::extension::TensorPtr;

// ---- What the runtime logs, kept for error messages ----

constexpr std::size_t kLogBytes = 4096;
std::string& last_log() {
  static std::string text;
  return text;
}

void keep_log(et_timestamp_t, et_pal_log_level_t level, const char* file, const char*, std::size_t line, const char* message, std::size_t) {
  std::fprintf(stderr, "%c %s:%zu] %s\n", static_cast<char>(level), file, line, message);
  if (level != et_pal_log_level_t::kError && level != et_pal_log_level_t::kFatal) return;
  auto& text = last_log();
  if (text.size() < kLogBytes) text += std::string(message) + "\n";
}

const bool log_is_kept = et::register_pal(et::PalImpl::create(keep_log, __FILE__));

std::string error_class_of(et::Error error) {
  switch (error) {
    case et::Error::OperatorMissing: return "operator_missing";
    case et::Error::MemoryAllocationFailed:
    case et::Error::OutOfResources:
    case et::Error::DelegateMemoryAllocationFailed: return "out_of_memory";
    case et::Error::InvalidProgram:
    case et::Error::InvalidExternalData:
    case et::Error::DelegateInvalidCompatibility: return "model_invalid";
    case et::Error::AccessFailed: return "model_unreadable";
    default: return "execution_failed";
  }
}

// Names the operators, each once, of log lines such as "Missing operator: [2] aten::foo.out".
std::string missing_operators(const std::string& log) {
  constexpr std::string_view mark = "Missing operator: ";
  std::set<std::string> names;
  for (std::size_t at = log.find(mark); at != std::string::npos; at = log.find(mark, at + 1)) {
    const auto line = log.substr(at + mark.size(), log.find('\n', at) - at - mark.size());
    const auto bracket = line.find("] ");
    names.insert(bracket == std::string::npos ? line : line.substr(bracket + 2));
  }
  std::string list;
  for (const auto& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

[[noreturn]] void fail(et::Error error, const std::string& what, const std::string& fallback_class = {}) {
  auto error_class = error_class_of(error);
  if (error_class == "execution_failed" && !fallback_class.empty()) error_class = fallback_class;
  std::string message = what + " (ExecuTorch error " + std::to_string(static_cast<std::int64_t>(error)) + ")";
  if (error_class == "operator_missing") message = what + ": the runtime has no operator " + missing_operators(last_log());
  throw Error(error_class, message, last_log(), static_cast<std::int64_t>(error));
}

void check(et::Error error, const std::string& what) {
  if (error != et::Error::Ok) fail(error, what);
}

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

// ---- A method with the memory it needs ----

class LoadedMethod {
 public:
  LoadedMethod(const et::Program& program, const std::string& name) {
    const auto meta = program.method_meta(name.c_str());
    if (!meta.ok()) fail(meta.error(), "the model has no method \"" + name + "\"", "model_invalid");
    for (std::size_t id = 0; id < meta->num_memory_planned_buffers(); ++id) {
      const auto bytes = meta->memory_planned_buffer_size(id);
      if (!bytes.ok()) fail(bytes.error(), "the memory plan of \"" + name + "\" cannot be read", "model_invalid");
      buffers_.emplace_back(static_cast<std::size_t>(*bytes));
      spans_.emplace_back(buffers_.back().data(), buffers_.back().size());
    }
    planned_ = std::make_unique<et::HierarchicalAllocator>(et::Span<et::Span<std::uint8_t>>(spans_.data(), spans_.size()));
    memory_ = std::make_unique<et::MemoryManager>(&own_, planned_.get(), &temporary_);
    auto loaded = program.load_method(name.c_str(), memory_.get());
    if (!loaded.ok()) fail(loaded.error(), "the method \"" + name + "\" cannot be loaded", "model_invalid");
    method_ = std::make_unique<et::Method>(std::move(*loaded));
  }

  et::Method& get() { return *method_; }
  const et::Method& get() const { return *method_; }

 private:
  MallocMemoryAllocator own_;
  MallocMemoryAllocator temporary_;
  std::vector<std::vector<std::uint8_t>> buffers_;
  std::vector<et::Span<std::uint8_t>> spans_;
  std::unique_ptr<et::HierarchicalAllocator> planned_;
  std::unique_ptr<et::MemoryManager> memory_;
  std::unique_ptr<et::Method> method_;
};

// Returns what a constant method such as get_vocab_size gives, or nothing when the program has no such method.
std::optional<std::int64_t> constant(const et::Program& program, const std::string& name) {
  if (!program.method_meta(name.c_str()).ok()) return std::nullopt;
  LoadedMethod method(program, name);
  check(method.get().execute(), "the method \"" + name + "\" failed");
  const auto& value = method.get().get_output(0);
  if (value.isInt()) return value.toInt();
  if (value.isBool()) return value.toBool() ? 1 : 0;
  return std::nullopt;
}

// ---- The model ----

class ExecuTorchModel final : public Model {
 public:
  ExecuTorchModel(std::unique_ptr<MmapDataLoader> loader, std::unique_ptr<et::Program> program, const std::string& method)
      : loader_(std::move(loader)), program_(std::move(program)), method_name_(method) {
    read_signature();
    method_ = std::make_unique<LoadedMethod>(*program_, method);
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
      check(method_->get().set_input(*tensors_[place], place), "input " + std::to_string(place) + " was refused");
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

  void feed(const std::int64_t* tokens, std::size_t count, std::int64_t start) override {
    if (tokens != fed_tokens_ || count != fed_count_) take_tokens_from(tokens, count);
    for (std::size_t place = 0; place < positions_.size(); ++place) positions_[place] = start + static_cast<std::int64_t>(place);
    prepare();
    run();
  }

  std::int64_t best_token() const override {
    const auto [data, count] = last_logits();
    return std::max_element(data, data + count) - data;
  }

  Bytes logits() const override {
    const auto [data, count] = last_logits();
    Bytes bytes(count * sizeof(float));
    std::memcpy(bytes.data(), data, bytes.size());
    return bytes;
  }

 private:
  // The last row of the first output: [.., S, V] or [.., V].
  std::pair<const float*, std::size_t> last_logits() const {
    const auto& tensor = method_->get().get_output(0).toTensor();
    if (tensor.scalar_type() != ScalarType::Float)
      throw Error("unsupported", "the model's logits are " + dtype_name(tensor.scalar_type()) + ", not float32");
    const auto vocabulary = static_cast<std::size_t>(tensor.size(tensor.dim() - 1));
    return {tensor.const_data_ptr<float>() + (static_cast<std::size_t>(tensor.numel()) - vocabulary), vocabulary};
  }

  // Makes the two input tensors of a language model; a loop that feeds one token from one place makes them once.
  void take_tokens_from(const std::int64_t* tokens, std::size_t count) {
    const auto size = static_cast<::executorch::aten::SizesType>(count);
    const auto positions = info().language_model->position_input == "all" ? size : 1;
    positions_.resize(static_cast<std::size_t>(positions));
    auto* ids = const_cast<std::int64_t*>(tokens);  // NOLINT(cppcoreguidelines-pro-type-const-cast): only read
    tensors_.clear();
    tensors_.push_back(::executorch::extension::from_blob(ids, {1, size}, ScalarType::Long));
    tensors_.push_back(::executorch::extension::from_blob(positions_.data(), {positions}, ScalarType::Long));
    fed_tokens_ = tokens;
    fed_count_ = count;
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
    info.language_model = language_model(info.inputs);
    if (info.language_model && !has_fused_attention()) parts.insert("plain_attention");
    for (const auto& part : parts) info.flavour += (info.flavour.empty() ? "" : "+") + part;
    return info;
  }

  // Two int64 inputs, ids [1, S] and positions, are what exported language models take.
  std::optional<LanguageModelInfo> language_model(const std::vector<TensorInfo>& inputs) const {
    if (inputs.size() != 2 || inputs[0].dtype != "int64" || inputs[0].shape.size() != 2 || inputs[1].dtype != "int64") return std::nullopt;
    LanguageModelInfo model;
    const auto tokens = inputs[0].shape[1];
    const bool one_position = inputs[1].shape.size() == 1 && inputs[1].shape[0] == 1 && tokens != 1;
    model.position_input = one_position || (tokens == 1) ? "start" : "all";
    model.max_context_tokens = constant(*program_, "get_max_context_len");
    if (!model.max_context_tokens) model.max_context_tokens = constant(*program_, "get_max_seq_len");
    model.vocabulary = constant(*program_, "get_vocab_size");
    model.many_tokens_at_once = tokens > 1 && constant(*program_, "enable_dynamic_shape").value_or(1) != 0;
    return model;
  }

  // Whether the program calls ExecuTorch's fused attention: its operators' names stand in the program's own part of the file,
  // which its extended header measures (at byte 8: magic, length of the header, size of the program).
  bool has_fused_attention() const {
    constexpr std::size_t kHeadBytes = 24;
    constexpr std::size_t kSizeAt = 16;
    using Info = ::executorch::runtime::DataLoader::SegmentInfo;
    const auto size = loader_->size();
    if (!size.ok() || *size < kHeadBytes) return false;
    const auto head = loader_->load(0, kHeadBytes, Info(Info::Type::Program));
    if (!head.ok()) return false;
    std::uint64_t program_bytes = *size;
    const auto* bytes = static_cast<const char*>(head->data());
    if (std::memcmp(bytes + 8, "eh00", 4) == 0) std::memcpy(&program_bytes, bytes + kSizeAt, sizeof(program_bytes));
    const auto program = loader_->load(0, std::min<std::size_t>(program_bytes, *size), Info(Info::Type::Program));
    if (!program.ok()) return false;
    const std::string_view text(static_cast<const char*>(program->data()), program->size());
    return text.find("llama::custom_sdpa") != std::string_view::npos || text.find("llama::sdpa_with_kv_cache") != std::string_view::npos;
  }

  std::unique_ptr<MmapDataLoader> loader_;
  std::unique_ptr<et::Program> program_;
  std::string method_name_;
  mutable std::optional<ModelInfo> info_;
  std::vector<et::TensorInfo> metas_;
  std::unique_ptr<LoadedMethod> method_;
  std::vector<TensorPtr> tensors_;
  std::vector<std::int64_t> positions_;
  const std::int64_t* fed_tokens_ = nullptr;
  std::size_t fed_count_ = 0;
};

void set_threads(std::int64_t threads) {
  auto* pool = ::executorch::extension::threadpool::get_threadpool();
  if (pool == nullptr || !pool->_unsafe_reset_threadpool(static_cast<std::uint32_t>(threads)) ||
      pool->get_thread_count() != static_cast<std::size_t>(threads)) {
    throw Error("unsupported", "the runtime's thread pool cannot be set to " + std::to_string(threads) + " threads");
  }
}

}  // namespace

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

std::unique_ptr<Model> load_model(const std::string& path, const std::string& method, std::int64_t threads, bool thorough) {
  last_log().clear();
  set_threads(threads);  // before load_method: delegates take the pool as it is then
  auto loader = MmapDataLoader::from(path.c_str(), MmapDataLoader::MlockConfig::NoMlock);
  if (!loader.ok())
    throw Error("model_unreadable", "the model " + path + " cannot be opened", last_log(), static_cast<std::int64_t>(loader.error()));
  auto owned = std::make_unique<MmapDataLoader>(std::move(*loader));
  const auto verification = thorough ? et::Program::Verification::InternalConsistency : et::Program::Verification::Minimal;
  auto program = et::Program::load(owned.get(), verification);
  if (!program.ok()) {
    throw Error("model_invalid", "the model " + path + " is not a whole ExecuTorch program", last_log(),
                static_cast<std::int64_t>(program.error()));
  }
  return std::make_unique<ExecuTorchModel>(std::move(owned), std::make_unique<et::Program>(std::move(*program)), method);
}

}  // namespace farm
