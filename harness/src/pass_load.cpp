#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <optional>

#include "error.h"
#include "passes.h"

namespace farm {
namespace {

struct Descriptor {
  explicit Descriptor(const std::string& path) : number(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (number < 0) throw Error("model_unreadable", "the model " + path + " cannot be opened");
  }
  ~Descriptor() { ::close(number); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number;
};

// Asks the kernel to drop the file from its page cache. Only clean pages go, hence the fsync.
void evict(const std::string& path) {
  const Descriptor file(path);
  ::fsync(file.number);
  ::posix_fadvise(file.number, 0, 0, POSIX_FADV_DONTNEED);
}

// A file's pages, and those of them that are in the page cache.
struct Residence {
  std::int64_t resident_bytes;
  std::int64_t bytes;
};

// How much of the file is in the page cache; nullopt when the kernel does not say.
std::optional<Residence> residence(const std::string& path) {
  const Descriptor file(path);
  struct stat status{};
  if (::fstat(file.number, &status) != 0 || status.st_size == 0) return std::nullopt;
  const auto size = static_cast<std::size_t>(status.st_size);
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  void* mapped = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.number, 0);
  if (mapped == MAP_FAILED) return std::nullopt;
  std::vector<unsigned char> pages((size + page - 1) / page);
  const bool told = ::mincore(mapped, size, pages.data()) == 0;
  ::munmap(mapped, size);
  if (!told) return std::nullopt;
  const auto count = std::count_if(pages.begin(), pages.end(), [](unsigned char one) { return (one & 1U) != 0; });
  return Residence{static_cast<std::int64_t>(count) * static_cast<std::int64_t>(page), static_cast<std::int64_t>(pages.size() * page)};
}

void read_whole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> buffer(1U << 20U);
  while (file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()))) {
  }
}

std::int64_t first_inference_ns(const Job& job, Model& model) {
  if (!job.arguments.prompt.empty()) {
    const auto prompt = read_prompt(job, model);
    const auto start = Clock::now();
    prefill(model, prompt);
    const auto duration_ns = elapsed_ns(start);
    write_output(job, model.logits());
    return duration_ns;
  }
  const auto inputs = read_inputs(job, model.info());
  model.set_inputs(inputs);
  model.prepare();
  const auto start = Clock::now();
  model.run();
  const auto duration_ns = elapsed_ns(start);
  write_output(job, model.outputs());
  return duration_ns;
}

}  // namespace

void load_pass(const Job& job) {
  const auto& arguments = job.arguments;
  const bool cold = arguments.pass == Pass::kLoadCold;
  const std::string metric = cold ? "load_cold_ns" : "load_warm_ns";
  if (cold) evict(arguments.model);
  else read_whole(arguments.model);
  const auto before = residence(arguments.model);
  Stretch stretch;
  const auto start = Clock::now();
  const auto model = load_model(arguments.model, arguments.method, arguments.threads, false);
  const auto load_ns = elapsed_ns(start);
  stretch.end();
  write_model_line(job, model->info());
  if (!arguments.prompt.empty() && !model->info().language_model) {
    throw Error("input_mismatch", "a prompt was given, and the model does not take tokens and positions");
  }
  const auto inference_ns = first_inference_ns(job, *model);

  if (!before) {
    job.result.absent(metric, "the kernel does not say whether the model is in its page cache");
  } else if (cold && before->resident_bytes > 0) {
    job.result.absent(metric, "the kernel kept " + std::to_string(before->resident_bytes) + " bytes of the model in its page cache");
  } else if (!cold && before->resident_bytes < before->bytes) {
    job.result.absent(metric, "the kernel kept only " + std::to_string(before->resident_bytes) + " of the model's " +
                                  std::to_string(before->bytes) + " bytes in its page cache");
  } else {
    job.result.series(metric, std::vector<std::int64_t>{load_ns});
  }
  if (before) job.result.series("resident_before_bytes", std::vector<std::int64_t>{before->resident_bytes});
  job.result.series("first_inference_ns", std::vector<std::int64_t>{inference_ns});
  stretch.write(job.result);
}

}  // namespace farm
