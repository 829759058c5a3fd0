#pragma once

#include "base/error.h"
#include "model/table_schema.h"

#include <string_view>

namespace drs::mysql {

/// The catalogue's message for an error number of the server or of the client library, while logging in (`opening`) or
/// later. The message decides whether a task tries again. Numbers: MySQL "Server Error Message Reference" and "Client
/// Error Message Reference", MariaDB "MariaDB Error Codes".
[[nodiscard]] Msg messageOf(unsigned number, bool opening) noexcept;

/// What mends an error that the server answered behind the login; empty for numbers whose text says it all. Sentences
/// that end with a full stop. Numbers: as for messageOf().
[[nodiscard]] std::string_view remedyOf(unsigned number) noexcept;

/// What a server answered, with the name of the table that it was about if the server's words lack it; other errors as
/// they are.
[[nodiscard]] Error withTable(const Error& error, const TableName& table);

}  // namespace drs::mysql
