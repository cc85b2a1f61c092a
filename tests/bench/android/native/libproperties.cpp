// Loaded into adbd: android::base::GetProperty over the phone's property file (lines KEY=VALUE), which `getprop` reads too.
#include <fstream>
#include <string>

namespace android::base {

std::string GetProperty(const std::string& key, const std::string& default_value) {
  std::ifstream file("/bench/properties");
  for (std::string line; std::getline(file, line);) {
    if (line.size() > key.size() && line[key.size()] == '=' && line.compare(0, key.size(), key) == 0) return line.substr(key.size() + 1);
  }
  return default_value;
}

}  // namespace android::base
