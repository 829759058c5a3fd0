#pragma once

#include "base/error.h"

namespace drs::mysql {

/// The catalogue's message for an error number of the server or of the client library, while logging in (`opening`) or
/// later. The message decides whether a task tries again. Numbers: MySQL "Server Error Message Reference" and "Client
/// Error Message Reference", MariaDB "MariaDB Error Codes".
[[nodiscard]] Msg messageOf(unsigned number, bool opening) noexcept;

}  // namespace drs::mysql
