// The first process of a bench phone, and what its scripts ask.
//
//   phoned init              start adbd and keep it running, let time pass, write what sysfs shows; on `reboot_s`, start afresh
//   phoned get [NAME...]     every reading as NAME=VALUE, or the values of these
//   phoned set KEY=NUMBER... change the state; KEY= takes it out
//   phoned fill FILE         FILE with its @NAME@ filled in, as the battery service sees it (which can be frozen)
//   phoned parcel [NAME]     the reply that `service call batteryproperties` shows: a reading, or an empty one
//   phoned freeze [NAME=VALUE...]  stop the battery service's readings here, but for these; without any: let them go on
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "physics.h"
#include "readings.h"
#include "store.h"

namespace bench {
namespace {

constexpr const char* kProfile = "/bench/profile";
constexpr const char* kFrozen = "/bench/frozen";
constexpr double kRestart_s = 1.0;
constexpr useconds_t kTick_us = 100'000;
constexpr uid_t kShell = 2000;

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// A file that shows a reading: its text with @NAME@, read at the start, and the file itself, open for good: a reader that
// keeps it open sees every new value.
struct Shown {
  std::string text;
  int file;
};

std::vector<Shown> shown_files() {
  std::vector<Shown> shown;
  std::ifstream list("/bench/shown");
  for (std::string path; std::getline(list, path);) {
    const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (file < 0) std::perror(path.c_str());
    else shown.push_back({text_of(path), file});
  }
  return shown;
}

void show(const std::vector<Shown>& shown, const Texts& readings) {
  for (const auto& [text, file] : shown) {
    const auto now = filled(text, readings);
    if (::pwrite(file, now.data(), now.size(), 0) != static_cast<ssize_t>(now.size()) ||
        ::ftruncate(file, static_cast<off_t>(now.size())) != 0)
      std::perror("a shown file");
  }
}

pid_t start_adbd() {
  const pid_t pid = ::fork();
  if (pid != 0) {
    std::ofstream("/bench/adbd.pid") << pid << '\n';
    return pid;
  }
  ::setsid();
  const int log = ::open("/bench/adbd.log", O_WRONLY | O_CREAT | O_APPEND, 0666), nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, 0);
  ::dup2(log, 1);
  ::dup2(log, 2);
  ::umask(077);
  const gid_t group = kShell;
  if (::setgroups(1, &group) != 0 || ::setgid(kShell) != 0 || ::setuid(kShell) != 0) ::_exit(126);
  ::clearenv();
  for (const auto& [key, value] : read_texts("/bench/environment")) ::setenv(key.c_str(), value.c_str(), 1);
  ::setenv("PATH", "/system/bin:/vendor/bin", 1);
  ::setenv("TMPDIR", "/data/local/tmp", 1);
  ::setenv("LD_PRELOAD", "/system/lib64/libproperties.so:/system/lib64/libphone.so", 1);
  ::execl("/usr/lib/android-sdk/platform-tools/adbd", "adbd", nullptr);
  ::_exit(127);
}

void write_in_place(const char* path, const std::string& text) {
  std::ofstream(path, std::ios::trunc) << text;  // bound over a file of /proc: the file itself must stay
}

// A phone that the bench starts has been on for hours; one that rebooted needed a while until its adbd ran.
constexpr double kOnBefore_s = 9317, kBooting_s = 21;

void begin_boot(double up_s) {
  ::unlink(kFrozen);
  write_in_place("/bench/boot_id", text_of("/proc/sys/kernel/random/uuid"));
  State state;
  state["boot_s"] = now_s() - up_s;
  state["screen"] = 1;
  state["thermal_override"] = -1;
  for (const char* key : {"fixed_performance", "dexopt_disabled", "load_cores", "busy_s"}) state[key] = 0;
  for (const char* key : {"reboot_s", "cached_status"}) state.erase(key);
  for (const auto& [name, value] : Numbers(state.all()))
    if (name.rfind("energy.", 0) == 0) state.erase(name);
}

// Everything dies, as when the power goes; then the phone is away for a while.
void reboot(double away_s) {
  ::unlink("/bench/adbd.pid");
  ::kill(-1, SIGKILL);
  while (::waitpid(-1, nullptr, 0) > 0) {
  }
  ::unlink("/bench/ports/5555");
  const double until = now_s() + away_s;
  while (now_s() < until) ::usleep(kTick_us);
  begin_boot(kBooting_s);
}

[[noreturn]] void init() {
  ::umask(0);  // the shell's programs write the phone's state, too
  const Texts profile = read_texts(kProfile);
  const auto shown = shown_files();
  begin_boot(kOnBefore_s);
  pid_t adbd = 0;
  double start_at_s = 0;
  for (;; ::usleep(kTick_us)) {
    for (pid_t ended; (ended = ::waitpid(-1, nullptr, WNOHANG)) > 0;) {
      if (ended == adbd) {
        adbd = 0;
        start_at_s = now_s() + kRestart_s;
        ::unlink("/bench/adbd.pid");
        ::unlink("/bench/ports/5555");
      }
    }
    double reboot_s = -1;
    bool wanted = true;
    {
      State state;
      advance(state, profile);
      show(shown, readings(state, profile));
      reboot_s = state.get("reboot_s", -1);
      wanted = state.get("adbd", 1) > 0;
    }
    if (reboot_s >= 0) {
      reboot(reboot_s);
      adbd = 0;
      start_at_s = 0;
      continue;  // the files show the new boot before anybody can look
    }
    if (adbd == 0 && wanted && now_s() >= start_at_s) adbd = start_adbd();
  }
}

Texts readings_now() {
  State state;
  const Texts profile = read_texts(kProfile);
  advance(state, profile);
  return readings(state, profile);
}

int get(const std::vector<std::string>& names) {
  Texts all = readings_now();
  State state;
  for (const auto& [key, value] : state.all()) all.emplace(key, std::to_string(value));
  if (names.empty())
    for (const auto& [key, value] : all) std::cout << key << '=' << value << '\n';
  for (const auto& name : names) std::cout << all[name] << '\n';
  return 0;
}

int set(const std::vector<std::string>& changes) {
  State state;
  const Texts profile = read_texts(kProfile);
  advance(state, profile);
  for (const auto& change : changes) {
    const auto at = change.find('=');
    if (at == std::string::npos) return 2;
    const auto key = change.substr(0, at), value = change.substr(at + 1);
    if (value.empty()) state.erase(key);
    else if (key == "level") state["charge_uah"] = std::atof(value.c_str()) / 100 * std::atof(profile.at("capacity_uah").c_str());
    else state[key] = std::atof(value.c_str());
  }
  return 0;
}

int fill(const std::string& path) {
  Texts all = readings_now();
  for (const auto& [key, value] : read_texts(kFrozen)) all[key] = value;
  if (::access(kFrozen, F_OK) == 0) {
    all["updates_stopped"] = "  (UPDATES STOPPED -- use 'reset' to restart)\n";
    all["updates_stopped_word"] = "true";
  }
  std::cout << filled(text_of(path), all);
  return 0;
}

int freeze(const std::vector<std::string>& changes) {
  if (changes.empty()) return ::unlink(kFrozen) == 0 || errno == ENOENT ? 0 : 1;
  Texts all = ::access(kFrozen, F_OK) == 0 ? read_texts(kFrozen) : readings_now();
  all.erase("updates_stopped");
  all.erase("updates_stopped_word");
  for (const auto& change : changes) {
    const auto at = change.find('=');
    if (at != std::string::npos) all[change.substr(0, at)] = change.substr(at + 1);
  }
  write_texts(kFrozen, all);
  ::chmod(kFrozen, 0666);
  return 0;
}

// No exception, result 0, an object follows, a 64-bit number: as libbinder prints a parcel, 16 bytes to a line.
int parcel(const std::string& name) {
  std::vector<std::uint32_t> words = {0};
  if (!name.empty()) {
    const auto value = name == "lowest" ? INT64_MIN : std::atoll(readings_now()[name].c_str());
    words = {0, 0, 1, static_cast<std::uint32_t>(value), static_cast<std::uint32_t>(static_cast<std::uint64_t>(value) >> 32)};
  }
  std::printf("Result: Parcel(");
  for (std::size_t at = 0; at < words.size(); at += 4) {
    if (words.size() > 4) std::printf("\n  0x%08zx: ", at * 4);
    std::string letters;
    for (std::size_t i = at; i < at + 4; ++i) {
      if (i >= words.size()) {
        std::printf(words.size() > 4 ? "         " : "");
        continue;
      }
      std::printf("%08x ", words[i]);
      for (int shift = 0; shift < 32; shift += 8) {
        const char letter = static_cast<char>(words[i] >> shift);
        letters += letter >= ' ' && letter < 127 ? letter : '.';
      }
    }
    if (words.size() > 4) letters.resize(16, ' ');
    std::printf("'%s'", letters.c_str());
  }
  std::printf(")\n");
  return 0;
}

}  // namespace
}  // namespace bench

int main(int count, char** arguments) {
  const std::vector<std::string> given(arguments + 1, arguments + count);
  const std::string command = given.empty() ? "" : given[0];
  const std::vector<std::string> rest(given.begin() + (given.empty() ? 0 : 1), given.end());
  if (command == "init") bench::init();
  if (command == "get") return bench::get(rest);
  if (command == "set") return bench::set(rest);
  if (command == "fill" && rest.size() == 1) return bench::fill(rest[0]);
  if (command == "parcel") return bench::parcel(rest.empty() ? "" : rest[0]);
  if (command == "freeze") return bench::freeze(rest);
  std::cerr << "phoned: init | get | set | fill | parcel | freeze\n";
  return 2;
}
