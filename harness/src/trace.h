#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace farm {

// A part of a computation that its runtime times by itself: an operator, or the call of a delegate with the operators in it.
struct TracedPart {
  std::optional<std::size_t> parent;  // the part that it lies in
  std::string name;                   // as the runtime says it
  std::string delegate;               // that computes it; empty: the runtime itself
  std::int64_t instruction = -1;      // its place in the program; -1: it has none
  std::int64_t debug_id = -1;         // its place in the delegate; -1: it is told by name
};

// What a runtime calls a part at the moment that it times it. Good for the call that it is given to.
struct PartMark {
  std::string_view name;
  std::string_view delegate = {};
  std::int64_t instruction = -1;
  std::int64_t debug_id = -1;
};

// How long each part of a computation takes, one computation after the other. Parts are learnt first; after that there is room for
// everything, and what is timed allocates nothing. One thread uses it.
class Trace {
 public:
  // From here on a computation makes parts known, and none of its times is kept.
  void learn();
  // Makes room for the times of at most so many computations of what was learnt.
  void expect(std::size_t computations);
  // The next computation's times are kept, until then nothing is listened to. There must be room for it.
  void begin();
  void pause() { listening_ = Listening::kNot; }

  // Told by the runtime while it computes: a part begins within the open one, the open one ends, one was timed by somebody else.
  void open(const PartMark& mark);
  void close();
  void add(const PartMark& mark, std::int64_t duration_ns);

  const std::vector<TracedPart>& parts() const { return parts_; }
  // The times of one part in each computation that was kept: the sum of its calls, 0 where it was not reached.
  std::vector<std::int64_t> times_ns(std::size_t part) const;
  // How often it was reached in all of them.
  std::int64_t calls(std::size_t part) const { return calls_[part]; }
  // Whether a computation that was kept had a part that was not learnt: then times are missing.
  bool met_unknown() const { return met_unknown_; }

 private:
  enum class Listening { kNot, kLearning, kKeeping };
  struct Open {
    std::size_t part;
    std::chrono::steady_clock::time_point start;
  };

  std::size_t part_of(const PartMark& mark);
  std::size_t searched(const PartMark& mark, std::size_t parent);
  bool is(const TracedPart& part, const PartMark& mark, std::size_t parent) const;
  void keep(std::size_t part, std::int64_t duration_ns);

  Listening listening_ = Listening::kNot;
  std::vector<TracedPart> parts_;
  std::vector<std::size_t> order_;  // of the parts of the computation that was learnt last: the next one goes the same way
  std::size_t next_ = 0;            // in that order
  std::vector<Open> open_;
  std::vector<std::int64_t> times_ns_;  // of every part, computation by computation
  std::vector<std::int64_t> calls_;
  std::size_t kept_ = 0;
  bool met_unknown_ = false;
};

}  // namespace farm
