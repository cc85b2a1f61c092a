#pragma once

#include <string>

namespace farm {

// A model that is a folder comes as one file: farm's archive of it, a ustar with regular files only, all below one folder
// (farm/archives.py makes them).

// Whether a file is such an archive, by its first bytes. Throws Error("model_unreadable").
bool is_archive(const std::string& path);

// Unpacks an archive into a folder that is there and empty, and returns the path of the one folder that is then in it.
// Throws Error("model_invalid") for one that is cut off, damaged, or holds anything else than such files.
std::string unpack_archive(const std::string& path, const std::string& into);

}  // namespace farm
