#pragma once

#include <string>
#include <string_view>

namespace drs {

/// Creates a file with mode 0600 that only the owner reads, complete or not at all, and forces it to the disk. Throws
/// Error(badConfig) if the file exists already or cannot be written.
void createPrivateFile(const std::string& path, std::string_view content);

/// The same, in the place of a file that exists: readers see the old content or the new one.
void replacePrivateFile(const std::string& path, std::string_view content);

/// Reads a file that holds secrets. Throws Error(badConfig) naming the file and the remedy if it is missing, not a
/// regular file, a symbolic link, owned by somebody else, readable or writable by group or others, or larger than
/// 64 KiB.
[[nodiscard]] std::string readPrivateFile(const std::string& path);

}  // namespace drs
