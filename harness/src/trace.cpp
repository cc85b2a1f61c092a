#include "trace.h"

#include <algorithm>

namespace farm {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kNone = static_cast<std::size_t>(-1);
constexpr std::size_t kUsualDepth = 64;

}  // namespace

void Trace::learn() {
  listening_ = Listening::kLearning;
  order_.clear();
  open_.clear();
  open_.reserve(kUsualDepth);
  next_ = 0;
}

void Trace::expect(std::size_t computations) {
  pause();
  times_ns_.assign(computations * parts_.size(), 0);
  calls_.assign(parts_.size(), 0);
  kept_ = 0;
}

void Trace::begin() {
  listening_ = Listening::kKeeping;
  open_.clear();
  next_ = 0;
  ++kept_;
}

void Trace::open(const PartMark& mark) {
  if (listening_ == Listening::kNot) return;
  open_.push_back({part_of(mark), {}});
  open_.back().start = Clock::now();
}

void Trace::close() {
  const auto stop = Clock::now();
  if (listening_ == Listening::kNot || open_.empty()) return;
  const auto [part, start] = open_.back();
  open_.pop_back();
  keep(part, std::chrono::duration_cast<std::chrono::nanoseconds>(stop - start).count());
}

void Trace::add(const PartMark& mark, std::int64_t duration_ns) {
  if (listening_ != Listening::kNot) keep(part_of(mark), duration_ns);
}

std::vector<std::int64_t> Trace::times_ns(std::size_t part) const {
  std::vector<std::int64_t> times(kept_);
  for (std::size_t computation = 0; computation < kept_; ++computation) times[computation] = times_ns_[computation * parts_.size() + part];
  return times;
}

std::size_t Trace::part_of(const PartMark& mark) {
  const auto parent = open_.empty() ? kNone : open_.back().part;
  if (listening_ == Listening::kKeeping && next_ < order_.size() && is(parts_[order_[next_]], mark, parent)) return order_[next_++];
  return searched(mark, parent);
}

// Of a part that is not the next one in order: what was learnt went another way, or is being learnt.
std::size_t Trace::searched(const PartMark& mark, std::size_t parent) {
  const auto found = std::find_if(parts_.begin(), parts_.end(), [&](const TracedPart& part) { return is(part, mark, parent); });
  auto part = static_cast<std::size_t>(found - parts_.begin());
  if (listening_ == Listening::kLearning) {
    if (found == parts_.end()) {
      const auto within = parent == kNone ? std::optional<std::size_t>() : parent;
      parts_.push_back({within, std::string(mark.name), std::string(mark.delegate), mark.instruction, mark.debug_id});
    }
    order_.push_back(part);
    return part;
  }
  if (found == parts_.end()) {
    met_unknown_ = true;
    return kNone;
  }
  const auto place = std::find(order_.begin(), order_.end(), part);
  next_ = place == order_.end() ? next_ : static_cast<std::size_t>(place - order_.begin()) + 1;
  return part;
}

bool Trace::is(const TracedPart& part, const PartMark& mark, std::size_t parent) const {
  return part.parent.value_or(kNone) == parent && part.instruction == mark.instruction && part.debug_id == mark.debug_id &&
         part.name == mark.name && part.delegate == mark.delegate;
}

void Trace::keep(std::size_t part, std::int64_t duration_ns) {
  if (listening_ != Listening::kKeeping || part == kNone) return;
  times_ns_[(kept_ - 1) * parts_.size() + part] += duration_ns;
  ++calls_[part];
}

}  // namespace farm
