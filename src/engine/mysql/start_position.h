#pragma once

#include "model/change_event.h"

#include <string>

namespace drs::mysql {

/// A start position as a user gives it: `fileAndPosition` "mysql-bin.000277:805" and/or `gtidSet` (a MySQL set, or
/// MariaDB's "0-1-100,…"); either may be empty, not both. Canonical; of a file and offset alone the flavour is not
/// known yet and MySQL's is written (MysqlSource::openLog() corrects it). Throws Error(valueNotAllowed) naming the
/// member.
[[nodiscard]] Position parseStart(const std::string& fileAndPosition, const std::string& gtidSet);

}  // namespace drs::mysql
