#include "drsctl/failure.h"

#include "base/error.h"

namespace drs::ctl {

Failure failureOf(const Error& error) {
  // The catalogue speaks of databases here.
  const std::string remedy = error.msg() == Msg::tlsFailed
                                 ? "Give --ca-file (or ca_file in the configuration) if the system does not trust the "
                                   "certificate, and the name that stands in it as the endpoint's host."
                                 : error.remedy();
  return {error.msg() == Msg::badConfig ? Exit::noAccess : Exit::unreachable,
          error.text() + (remedy.empty() ? "" : ". " + remedy)};
}

}  // namespace drs::ctl
