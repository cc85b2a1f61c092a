// What a bench phone keeps: numbers by name, in one file that every program of the phone takes turns with.
#pragma once

#include <map>
#include <string>

namespace bench {

using Numbers = std::map<std::string, double>;
using Texts = std::map<std::string, std::string>;

// Lines KEY=VALUE; a file that is not there has none.
Texts read_texts(const std::string& path);
void write_texts(const std::string& path, const Texts& texts);

// Holds the phone's lock as long as it lives; the state is written back at the end.
class State {
 public:
  State();
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  double& operator[](const std::string& key) { return numbers_[key]; }
  double get(const std::string& key, double otherwise) const;
  void erase(const std::string& key) { numbers_.erase(key); }
  const Numbers& all() const { return numbers_; }

 private:
  int lock_ = -1;
  Numbers numbers_;
};

}  // namespace bench
