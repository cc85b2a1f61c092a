#include <doctest/doctest.h>

#include <numeric>

#include "trace.h"

using namespace farm;

namespace {

// A call of a delegate that tells one of its operators afterwards, and a kernel in the instruction after it.
void compute(Trace& trace, std::int64_t told_ns, int kernels = 1) {
  trace.open({"DELEGATE_CALL", "xnnpack", 0});
  trace.add({"Convolution #1", "xnnpack"}, told_ns);
  trace.close();
  for (int done = 0; done < kernels; ++done) {
    trace.open({"OPERATOR_CALL", {}, 1});
    trace.open({"native_call_add.out", {}, 1});
    trace.close();
    trace.close();
  }
}

Trace learnt() {
  Trace trace;
  trace.learn();
  compute(trace, 7);
  trace.expect(4);
  return trace;
}

}  // namespace

TEST_CASE("parts are learnt with the part that they lie in, once each") {
  auto trace = learnt();
  trace.learn();
  compute(trace, 7);
  REQUIRE(trace.parts().size() == 4);
  CHECK(trace.parts()[0].name == "DELEGATE_CALL");
  CHECK(trace.parts()[0].delegate == "xnnpack");
  CHECK(trace.parts()[0].instruction == 0);
  CHECK_FALSE(trace.parts()[0].parent);
  CHECK(trace.parts()[1].parent == 0);
  CHECK(trace.parts()[1].instruction == -1);
  CHECK(trace.parts()[3].name == "native_call_add.out");
  CHECK(trace.parts()[3].parent == 2);
}

TEST_CASE("each computation keeps the time of each part, and a part is no shorter than what lies in it") {
  auto trace = learnt();
  for (const std::int64_t told_ns : {5, 0, 9}) {
    trace.begin();
    compute(trace, told_ns);
  }
  trace.pause();
  CHECK(trace.times_ns(1) == std::vector<std::int64_t>{5, 0, 9});
  CHECK(trace.calls(1) == 3);
  for (std::size_t computation = 0; computation < 3; ++computation) CHECK(trace.times_ns(2)[computation] >= trace.times_ns(3)[computation]);
  CHECK_FALSE(trace.met_unknown());
}

TEST_CASE("a part that is reached twice in a computation is one part with two calls") {
  auto trace = learnt();
  trace.begin();
  compute(trace, 5, 2);
  CHECK(trace.calls(3) == 2);
  CHECK(trace.times_ns(3).size() == 1);
  CHECK_FALSE(trace.met_unknown());
}

TEST_CASE("a part that was left out has no time in that computation, and those after it keep theirs") {
  auto trace = learnt();
  trace.begin();
  compute(trace, 5, 0);
  trace.begin();
  compute(trace, 6);
  CHECK(trace.times_ns(1) == std::vector<std::int64_t>{5, 6});
  CHECK(trace.times_ns(3)[0] == 0);
  CHECK(trace.calls(3) == 1);
  CHECK_FALSE(trace.met_unknown());
}

TEST_CASE("a part that was never learnt is told, as are the parts in it, and no other part takes its time") {
  auto trace = learnt();
  trace.begin();
  trace.open({"OPERATOR_CALL", {}, 8});
  trace.add({"Convolution #1", "xnnpack"}, 1000);
  trace.close();
  CHECK(trace.met_unknown());
  CHECK(trace.times_ns(1) == std::vector<std::int64_t>{0});
}

TEST_CASE("what is computed while a trace pauses is not in it") {
  auto trace = learnt();
  compute(trace, 5);
  trace.begin();
  compute(trace, 6);
  trace.pause();
  compute(trace, 7);
  CHECK(trace.times_ns(1) == std::vector<std::int64_t>{6});
  CHECK(trace.calls(0) == 1);
}
