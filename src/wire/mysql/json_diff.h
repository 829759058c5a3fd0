#pragma once

#include <string>
#include <string_view>

namespace drs::mysql {

/// Appends the text of a JSON value after changes, in the form of appendJson(). `before`: the whole value in the binary
/// format; `diffs`: the changes as PARTIAL_UPDATE_ROWS has them, one after another: operation (replace, insert,
/// remove), path, new value. Takes memory only for the containers on the paths, one entry for each of their items.
/// Throws Error(logCorrupt) for damage, and for a change of something that `before` does not have.
void appendChangedJson(std::string& out, std::string_view before, std::string_view diffs);

}  // namespace drs::mysql
