#pragma once

#include "model/rule.h"

// Characters and shapes that the tables name.

namespace drs {

extern const Letters kNameLetters;         // job names
extern const Letters kDescriptionLetters;  // all but ! < > & ' " and backslash
extern const Letters kTagLetters;          // letters and digits of any script, space, _ . : / = + - @

extern const Format kStartTime;    // empty or 13 digits
extern const Format kWindowBegin;  // hh:mm
extern const Format kWindowEnd;    // hh:59
extern const Format kBase64;       // empty or Base64 of at least one byte, line breaks allowed
extern const Format kSha256Hex;    // empty or 64 hexadecimal digits
extern const Format kIpv4;         // empty or one IPv4 address
extern const Format kIpv4List;     // empty or IPv4 addresses, comma-separated
extern const Format kSyncTypes;    // supportAllType, or a comma list of the three others
extern const Format kDmlTypes;     // comma list of i, u, d in any case
extern const Format kAddressList;  // host[:port],… or sentinel://name@host[:port],…

/// The hour of "hh:mm"; the text must fit kWindowBegin or kWindowEnd.
[[nodiscard]] int hourOf(std::string_view time);

}  // namespace drs
