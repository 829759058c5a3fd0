#pragma once

#include <string_view>

namespace drs::resp {

/// Does a key match a pattern as KEYS, SCAN … MATCH and ACL rules of Redis take it (util.c, stringmatchlen)? `*`, `?`,
/// `[abc]`, `[^a-z]`, `\x`; bytes, not characters; a class without its `]` reaches to the pattern's end. The one
/// difference: a pattern of several `*` matches the empty key, too. Time: at most pattern × text, for any pattern.
[[nodiscard]] bool globMatch(std::string_view pattern, std::string_view text) noexcept;

}  // namespace drs::resp
