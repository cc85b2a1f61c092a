// Core ML itself, without another runtime around it. A model is an archive of a .mlpackage, which is compiled first, or of a
// .mlmodelc, or such a folder. Never compiled by Apple's compiler yet: README.md says what that leaves open.

#import <CoreML/CoreML.h>
#import <Foundation/Foundation.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <filesystem>

#include "error.h"
#include "model_archive.h"
#include "runtime.h"
#include "strided.h"

namespace farm {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

std::string text_of(NSString* text) { return text == nil ? std::string() : std::string(text.UTF8String); }

NSString* ns(const std::string& text) { return [NSString stringWithUTF8String:text.c_str()]; }

[[noreturn]] void fail(const char* error_class, const std::string& message, NSError* error) {
  if (error == nil) throw Error(error_class, message);
  throw Error(error_class, message, text_of(error.localizedDescription), static_cast<std::int64_t>(error.code));
}

// ---- Types ----

struct Type {
  MLMultiArrayDataType type;
  const char* name;
  std::size_t bytes;
};

constexpr Type kTypes[] = {
    {MLMultiArrayDataTypeFloat32, "float32", 4},
    {MLMultiArrayDataTypeFloat16, "float16", 2},
    {MLMultiArrayDataTypeDouble, "float64", 8},
    {MLMultiArrayDataTypeInt32, "int32", 4},
};

const Type& type_of(MLMultiArrayDataType type) {
  for (const auto& known : kTypes) {
    if (known.type == type) return known;
  }
  throw Error("unsupported", "the model has an array of a type that farm does not know");
}

std::vector<std::size_t> sizes_of(NSArray<NSNumber*>* numbers) {
  std::vector<std::size_t> sizes;
  for (NSNumber* number in numbers) sizes.push_back(number.unsignedIntegerValue);
  return sizes;
}

TensorInfo info_of(MLMultiArrayConstraint* constraint) {
  const auto& type = type_of(constraint.dataType);
  TensorInfo info{type.name, {}, type.bytes};
  for (const auto size : sizes_of(constraint.shape)) {
    info.shape.push_back(static_cast<std::int64_t>(size));
    info.bytes *= size;
  }
  return info;
}

NSArray<NSString*>* sorted_names(NSDictionary<NSString*, MLFeatureDescription*>* features) {
  return [features.allKeys sortedArrayUsingSelector:@selector(compare:)];
}

constexpr const char* kWhyUntraced = "Core ML tells nobody how long its operators take: there is no profile of it";

// ---- The model ----

class CoreMlModel final : public Model {
 public:
  CoreMlModel(MLModel* model, const std::string& flavour) : model_(model) {
    info_.flavour = flavour;
    MLModelDescription* description = model.modelDescription;
    input_names_ = sorted_names(description.inputDescriptionsByName);
    output_names_ = sorted_names(description.outputDescriptionsByName);
    for (NSString* name in input_names_) {
      MLFeatureDescription* feature = description.inputDescriptionsByName[name];
      if (feature.type != MLFeatureTypeMultiArray) throw Error("unsupported", "the model's input " + text_of(name) + " is no array");
      info_.inputs.push_back(info_of(feature.multiArrayConstraint));
    }
    for (NSString* name in output_names_) {
      MLFeatureDescription* feature = description.outputDescriptionsByName[name];
      if (feature.type != MLFeatureTypeMultiArray) throw Error("unsupported", "the model's output " + text_of(name) + " is no array");
      info_.outputs.push_back(info_of(feature.multiArrayConstraint));
    }
  }

  const ModelInfo& info() const override { return info_; }

  // The arrays lie on the given bytes; the provider is made once.
  void set_inputs(const std::vector<Bytes>& inputs) override {
    @autoreleasepool {
      NSMutableDictionary<NSString*, id>* values = [NSMutableDictionary dictionary];
      for (std::size_t place = 0; place < inputs.size(); ++place) {
        values[input_names_[place]] = [MLFeatureValue featureValueWithMultiArray:array_on(inputs[place], place)];
      }
      NSError* error = nil;
      features_ = [[MLDictionaryFeatureProvider alloc] initWithDictionary:values error:&error];
      if (features_ == nil) fail("input_mismatch", "Core ML refuses the inputs", error);
    }
  }

  void prepare() override {}

  void run() override {
    @autoreleasepool {
      NSError* error = nil;
      result_ = [model_ predictionFromFeatures:features_ error:&error];
      if (result_ == nil) fail("execution_failed", "the model failed while it ran", error);
    }
  }

  Bytes outputs() const override {
    Bytes all;
    for (NSString* name in output_names_) {
      MLMultiArray* array = [result_ featureValueForName:name].multiArrayValue;
      if (array == nil) throw Error("execution_failed", "the model gave no output " + text_of(name));
      const auto part = bytes_of(array);
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }

  void expect_tokens(std::size_t) override { no_language(); }
  void feed(const std::int64_t*, std::size_t, std::int64_t) override { no_language(); }
  std::int64_t best_token() const override { no_language(); }
  Bytes logits() const override { no_language(); }
  Logits all_logits() const override { no_language(); }
  Trace& trace() override { throw Error("unsupported", kWhyUntraced); }

 private:
  [[noreturn]] static void no_language() { throw Error("unsupported", "language models are not run by Core ML here"); }

  MLMultiArray* array_on(const Bytes& bytes, std::size_t place) const {
    MLMultiArrayConstraint* constraint = model_.modelDescription.inputDescriptionsByName[input_names_[place]].multiArrayConstraint;
    NSMutableArray<NSNumber*>* strides = [NSMutableArray array];
    std::size_t stride = 1;
    const auto shape = sizes_of(constraint.shape);
    for (auto axis = shape.size(); axis-- > 0; stride *= shape[axis]) [strides insertObject:@(stride) atIndex:0];
    // The runtime takes inputs by non-const pointer and only reads them.
    auto* data = const_cast<std::byte*>(bytes.data());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
    NSError* error = nil;
    MLMultiArray* array = [[MLMultiArray alloc] initWithDataPointer:data
                                                              shape:constraint.shape
                                                           dataType:constraint.dataType
                                                            strides:strides
                                                        deallocator:nil
                                                              error:&error];
    if (array == nil) fail("input_mismatch", "input " + std::to_string(place) + " was refused", error);
    return array;
  }

  static Bytes bytes_of(MLMultiArray* array) {
    const auto shape = sizes_of(array.shape);
    const auto strides = sizes_of(array.strides);
    const auto item_bytes = type_of(array.dataType).bytes;
    __block Bytes bytes;
    [array getBytesWithHandler:^(const void* data, NSInteger) {
      bytes = dense(static_cast<const std::byte*>(data), shape, strides, item_bytes);
    }];
    return bytes;
  }

  MLModel* model_;
  NSArray<NSString*>* input_names_;
  NSArray<NSString*>* output_names_;
  ModelInfo info_;
  id<MLFeatureProvider> features_ = nil;
  id<MLFeatureProvider> result_ = nil;
};

// ---- Files ----

bool is_compiled(const fs::path& folder) { return fs::exists(folder / "coremldata.bin"); }

Prepared prepared(const fs::path& folder, std::optional<std::int64_t> compile_ns) {
  Prepared found{folder.string(), {}, compile_ns};
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && entry.file_size() > 0) found.files.push_back(entry.path().string());
  }
  return found;
}

// A folder for what only this process needs; what an earlier one left there is gone.
fs::path scratch_folder() {
  const fs::path folder = fs::path(text_of(NSTemporaryDirectory())) / "farm-coreml";  // TMPDIR need not be set in an app
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

// Core ML compiles in this process, into a temporary folder of its own choice.
fs::path compiled(const fs::path& package, std::int64_t& compile_ns) {
  __block NSURL* made = nil;
  __block NSError* problem = nil;
  dispatch_semaphore_t done = dispatch_semaphore_create(0);
  NSURL* source = [NSURL fileURLWithPath:ns(package.string())];
  const auto start = Clock::now();
  [MLModel compileModelAtURL:source
           completionHandler:^(NSURL* url, NSError* error) {
             made = url;
             problem = error;
             dispatch_semaphore_signal(done);
           }];
  dispatch_semaphore_wait(done, DISPATCH_TIME_FOREVER);
  compile_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count();
  if (made == nil) fail("model_invalid", "Core ML cannot compile the model", problem);
  return text_of(made.path);
}

// What is kept of a model for later processes, in the app's Documents: known by the model's bytes and by the system that compiled it.
fs::path kept_folder(const std::string& model_sha256) {
  auto system = text_of(NSProcessInfo.processInfo.operatingSystemVersionString);
  std::replace_if(system.begin(), system.end(), [](unsigned char letter) { return std::isalnum(letter) == 0; }, '-');
  return fs::path("compiled") / (model_sha256 + "-" + system);
}

Prepared made_ready(const std::string& path, const std::string& model_sha256, bool anew) {
  @autoreleasepool {
    const auto kept = kept_folder(model_sha256) / "model.mlmodelc";
    const bool keeps = !anew && !model_sha256.empty();
    const auto scratch = scratch_folder();
    if (keeps && is_compiled(kept)) return prepared(kept, std::nullopt);
    fs::path folder = path;
    if (!fs::is_directory(folder)) {
      if (!is_archive(path)) throw Error("model_invalid", "the model " + path + " is no archive of a Core ML model");
      folder = unpack_archive(path, scratch.string());
    }
    if (is_compiled(folder)) return prepared(folder, std::nullopt);
    std::int64_t compile_ns = 0;
    const auto made = compiled(folder, compile_ns);
    const auto place = keeps ? kept : scratch / "compiled.mlmodelc";
    if (keeps) {
      fs::remove_all(kept.parent_path());
      fs::create_directories(kept.parent_path());
    }
    fs::rename(made, place);  // all of them lie in the app's container, which is one volume
    return prepared(place, compile_ns);
  }
}

Prepared prepare(const std::string& path, const std::string& model_sha256, bool anew) {
  try {
    return made_ready(path, model_sha256, anew);
  } catch (const fs::filesystem_error& error) {
    throw Error("model_unreadable", "the model's files cannot be made ready", error.what(), error.code().value());
  }
}

// ---- The runtime ----

MLComputeUnits units_of(const std::string& name) {
  if (name.empty() || name == "all") return MLComputeUnitsAll;
  if (name == "cpu_only") return MLComputeUnitsCPUOnly;
  if (name == "cpu_and_gpu") return MLComputeUnitsCPUAndGPU;
  if (name == "cpu_and_ne") return MLComputeUnitsCPUAndNeuralEngine;
  throw Error("unsupported", "there are no compute units called " + name);
}

RuntimeInfo runtime_info() { return {"coreml", text_of(NSProcessInfo.processInfo.operatingSystemVersionString), {"coreml"}, 1, "coreml"}; }

// The units are part of the flavour: where a model may compute is never compared with where it may not.
std::unique_ptr<Model> load_model(const std::string& path, const LoadOptions& options) {
  @autoreleasepool {
    MLModelConfiguration* configuration = [[MLModelConfiguration alloc] init];
    configuration.computeUnits = units_of(options.compute_units);
    NSError* error = nil;
    MLModel* model = [MLModel modelWithContentsOfURL:[NSURL fileURLWithPath:ns(path)] configuration:configuration error:&error];
    if (model == nil) fail("model_invalid", "Core ML cannot load the model", error);
    const auto units = options.compute_units.empty() ? "all" : options.compute_units;
    return std::make_unique<CoreMlModel>(model, "coreml(" + units + ")");
  }
}

}  // namespace

extern const Runtime coreml_runtime = {"coreml", runtime_info, prepare, load_model, kWhyUntraced};

}  // namespace farm
