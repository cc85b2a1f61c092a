#include "result_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "error.h"

namespace farm {
namespace {

[[noreturn]] void unwritable(const std::string& path) {
  throw Error("result_unwritable", "the result " + path + " cannot be written: " + std::strerror(errno));
}

JsonObject series_of(const std::string& metric, const std::string& source) {
  JsonObject object;
  object.text("type", "series").text("metric", metric);
  if (!source.empty()) object.text("source", source);
  return object;
}

}  // namespace

ResultFile::ResultFile(std::string path) : path_(std::move(path)), partial_(path_ + ".partial") {
  descriptor_ = ::open(partial_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0) unwritable(partial_);
}

ResultFile::~ResultFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void ResultFile::line(const JsonObject& object) {
  const std::string text = object.str() + "\n";
  std::size_t written = 0;
  while (written < text.size()) {
    const auto count = ::write(descriptor_, text.data() + written, text.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) unwritable(partial_);
    written += static_cast<std::size_t>(count);
  }
}

void ResultFile::series(const std::string& metric, const std::vector<std::int64_t>& values, const std::string& source) {
  series(metric, values, {}, source);
}

void ResultFile::series(const std::string& metric, const std::vector<std::int64_t>& values, const std::vector<std::int64_t>& at_ns,
                        const std::string& source) {
  write_series(series_of(metric, source).integers("values", values), at_ns);
}

void ResultFile::series(const std::string& metric, const std::vector<double>& values, const std::vector<std::int64_t>& at_ns,
                        const std::string& source) {
  write_series(series_of(metric, source).numbers("values", values), at_ns);
}

void ResultFile::write_series(JsonObject object, const std::vector<std::int64_t>& at_ns) {
  if (!at_ns.empty()) object.integers("at_ns", at_ns);
  line(object);
  ++series_count_;
}

void ResultFile::absent(const std::string& metric, const std::string& reason, const std::string& source) {
  JsonObject object;
  object.text("type", "absent").text("metric", metric);
  if (!source.empty()) object.text("source", source);
  line(object.text("reason", reason));
}

void ResultFile::end(const std::string& nonce, const std::string& model_sha256) {
  JsonObject object;
  object.text("type", "end").integer("series", series_count_);
  if (!nonce.empty()) object.text("nonce", nonce);
  if (!model_sha256.empty()) object.text("model_sha256", model_sha256);
  line(object);
  finish();
}

void ResultFile::error(const Error& error) {
  JsonObject object;
  object.text("type", "error").text("class", error.error_class).text("message", error.what());
  if (!error.detail.empty()) object.text("detail", error.detail);
  if (error.code) object.integer("code", *error.code);
  line(object);
  finish();
}

void ResultFile::finish() {
  if (::fsync(descriptor_) != 0) unwritable(partial_);
  const int descriptor = descriptor_;
  descriptor_ = -1;
  if (::close(descriptor) != 0) unwritable(partial_);
  if (std::rename(partial_.c_str(), path_.c_str()) != 0) unwritable(path_);
}

}  // namespace farm
