#include "arguments.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <limits>
#include <map>
#include <set>

#include "error.h"

namespace farm {
namespace {

constexpr std::int64_t kMostThreads = 256;
constexpr std::int64_t kMostIterations = 100'000'000;

[[noreturn]] void bad(const std::string& message) { throw Error("bad_arguments", message); }

std::int64_t whole_number(const std::string& option, const std::string& text, std::int64_t least, std::int64_t most) {
  std::int64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stopped != end || value < least || value > most) {
    bad("--" + option + " takes a whole number from " + std::to_string(least) + " to " + std::to_string(most) + ", not \"" + text + "\"");
  }
  return value;
}

Pass pass_named(const std::string& name) {
  for (const auto pass :
       {Pass::kLatency, Pass::kMemory, Pass::kLoadCold, Pass::kLoadWarm, Pass::kPower, Pass::kSustain, Pass::kQuality, Pass::kProfile}) {
    if (name == pass_name(pass)) return pass;
  }
  bad("--pass takes latency, memory, load_cold, load_warm, power, sustain, quality or profile, not \"" + name + "\"");
}

// Reads a list such as "0,2" or "4-7".
std::vector<int> cpu_list(const std::string& text) {
  std::vector<int> cpus;
  std::size_t at = 0;
  while (at <= text.size()) {
    const auto comma = std::min(text.find(',', at), text.size());
    const auto part = text.substr(at, comma - at);
    const auto dash = part.find('-');
    const auto first = whole_number("cpus", part.substr(0, dash), 0, 1023);
    const auto last = dash == std::string::npos ? first : whole_number("cpus", part.substr(dash + 1), first, 1023);
    for (auto cpu = first; cpu <= last; ++cpu) cpus.push_back(static_cast<int>(cpu));
    at = comma + 1;
  }
  return cpus;
}

std::string units_named(const std::string& name) {
  for (const auto* known : {"all", "cpu_only", "cpu_and_gpu", "cpu_and_ne"}) {
    if (name == known) return name;
  }
  bad("--compute-units takes all, cpu_only, cpu_and_gpu or cpu_and_ne, not \"" + name + "\"");
}

void check_together(const Arguments& arguments) {
  if (arguments.model.empty()) bad("--model is missing");
  if (arguments.result.empty()) bad("--result is missing");
  if (arguments.nonce.empty()) bad("--nonce is missing");
  if (arguments.prompt.empty() && arguments.decode_tokens > 0) bad("--decode-tokens goes with --prompt");
  if (!arguments.prompt.empty() && arguments.decode_tokens == 0) bad("--prompt goes with --decode-tokens");
  if (!arguments.prompt.empty() && !arguments.inputs.empty()) bad("--prompt and --input exclude each other");
  const bool quality = arguments.pass == Pass::kQuality;
  if (arguments.items.empty() == quality || arguments.items_output.empty() == quality)
    bad("--items and --items-output go with --pass quality, and it with them");
  if (arguments.max_iterations < arguments.iterations) bad("--max-iterations is less than --iterations");
  const bool power = arguments.pass == Pass::kPower;
  if (power && (arguments.idle_ms == 0 || arguments.duration_ms == 0)) bad("--pass power goes with --idle-ms and --duration-ms");
  if (!power && arguments.idle_ms > 0) bad("--idle-ms goes with --pass power");
  if (arguments.pass == Pass::kSustain && arguments.duration_ms == 0) bad("--pass sustain goes with --duration-ms");
  if (arguments.pass == Pass::kProfile && arguments.decode_tokens == 1) {
    bad("--pass profile follows tokens that come after the first: --decode-tokens is at least 2");
  }
}

}  // namespace

const char* pass_name(Pass pass) {
  switch (pass) {
    case Pass::kLatency: return "latency";
    case Pass::kMemory: return "memory";
    case Pass::kLoadCold: return "load_cold";
    case Pass::kLoadWarm: return "load_warm";
    case Pass::kPower: return "power";
    case Pass::kSustain: return "sustain";
    case Pass::kQuality: return "quality";
    case Pass::kProfile: return "profile";
  }
  return "unknown";
}

Arguments parse_arguments(const std::vector<std::string>& words) {
  Arguments to;
  bool protocol_stated = false;
  bool ceiling_stated = false;
  const auto number = [](std::int64_t& value, std::int64_t least, std::int64_t most) {
    return [&value, least, most](const std::string& option, const std::string& text) { value = whole_number(option, text, least, most); };
  };
  const auto word = [](std::string& value) {
    return [&value](const std::string& option, const std::string& text) {
      if (text.empty()) bad("--" + option + " is empty");
      value = text;
    };
  };
  const std::map<std::string, std::function<void(const std::string&, const std::string&)>> options = {
      {"protocol",
       [&](const std::string&, const std::string& text) {
         if (text != std::to_string(kProtocol)) bad("this harness speaks protocol " + std::to_string(kProtocol) + ", not " + text);
         protocol_stated = true;
       }},
      {"nonce", word(to.nonce)},
      {"model", word(to.model)},
      {"model-sha256", word(to.model_sha256)},
      {"result", word(to.result)},
      {"output", word(to.output)},
      {"method", word(to.method)},
      {"pass", [&](const std::string&, const std::string& text) { to.pass = pass_named(text); }},
      {"threads", number(to.threads, 1, kMostThreads)},
      {"warmup-iterations", number(to.warmup_iterations, 0, kMostIterations)},
      {"iterations", number(to.iterations, 1, kMostIterations)},
      {"duration-ms", number(to.duration_ms, 0, std::numeric_limits<std::int32_t>::max())},
      {"window-ms", number(to.window_ms, 1, 60'000)},
      {"max-iterations",
       [&](const std::string& option, const std::string& text) {
         to.max_iterations = whole_number(option, text, 1, kMostIterations);
         ceiling_stated = true;
       }},
      {"input", [&](const std::string&, const std::string& text) { to.inputs.push_back(text); }},
      {"prompt", word(to.prompt)},
      {"decode-tokens", number(to.decode_tokens, 1, kMostIterations)},
      {"generations", number(to.generations, 1, kMostIterations)},
      {"idle-ms", number(to.idle_ms, 1, std::numeric_limits<std::int32_t>::max())},
      {"items", word(to.items)},
      {"items-output", word(to.items_output)},
      {"sampler-hz", number(to.sampler_hz, 0, 1000)},
      {"compute-units", [&](const std::string&, const std::string& text) { to.compute_units = units_named(text); }},
      {"cpus", [&](const std::string&, const std::string& text) { to.cpus = cpu_list(text); }},
  };
  std::set<std::string> seen;
  for (std::size_t place = 0; place < words.size(); place += 2) {
    const auto& name = words[place];
    const auto found = name.rfind("--", 0) == 0 ? options.find(name.substr(2)) : options.end();
    if (found == options.end()) bad("there is no option \"" + name + "\"");
    if (place + 1 == words.size()) bad(name + " has no value");
    if (!seen.insert(name).second && name != "--input") bad(name + " is given twice");
    found->second(found->first, words[place + 1]);
  }
  if (!protocol_stated) bad("--protocol is missing");
  if (!ceiling_stated) to.max_iterations = to.iterations;
  check_together(to);
  return to;
}

}  // namespace farm
