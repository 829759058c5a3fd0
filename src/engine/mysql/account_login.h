#pragma once

#include "engine/mysql/account_text.h"
#include "engine/mysql/connection.h"

#include <string>
#include <vector>

// What the statements that show an account leave out, and what a server asks of new ones. All throw what Connection
// throws.

namespace drs::mysql {

/// MySQL: true if the account may log in with an older password beside its own.
[[nodiscard]] bool hasSecondPassword(Connection& source, const Account& account);

/// The server's authentication_policy; empty if it has none or its account need not keep it.
[[nodiscard]] std::string bindingPolicy(Connection& target);
/// Why a policy forbids an account with these ways to log in, or with one new password; empty = it does not.
[[nodiscard]] std::string policyProblem(const std::string& policy, const std::vector<Credential>& ways,
                                        bool newPassword);

/// True if the connection's account may grant PROXY on any account.
[[nodiscard]] bool mayPassProxyOn(Connection& target);

}  // namespace drs::mysql
