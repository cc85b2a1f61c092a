#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "json.h"

namespace farm {

struct Error;

// The result: JSON lines in PATH.partial, each on disk's way before the next one is made, and renamed to PATH after
// the last. PATH exists: the harness has finished. Every failure to write throws Error("result_unwritable").
class ResultFile {
 public:
  explicit ResultFile(std::string path);
  ~ResultFile();
  ResultFile(const ResultFile&) = delete;
  ResultFile& operator=(const ResultFile&) = delete;

  void line(const JsonObject& object);

  // One metric's raw readings. source tells readings of one metric apart; "" is the metric itself.
  void series(const std::string& metric, const std::vector<std::int64_t>& values, const std::string& source = {});
  void series(const std::string& metric, const std::vector<std::int64_t>& values, const std::vector<std::int64_t>& at_ns,
              const std::string& source);
  void series(const std::string& metric, const std::vector<double>& values, const std::vector<std::int64_t>& at_ns,
              const std::string& source);
  void absent(const std::string& metric, const std::string& reason, const std::string& source = {});

  // Writes the `end` line, which repeats whose result it is, and makes the file durable under its own name.
  void end(const std::string& nonce = {}, const std::string& model_sha256 = {});
  // Writes an `error` line as the last one.
  void error(const Error& error);

 private:
  void write_series(JsonObject object, const std::vector<std::int64_t>& at_ns);
  void finish();

  std::string path_;
  std::string partial_;
  int descriptor_ = -1;
  std::int64_t series_count_ = 0;
};

}  // namespace farm
