#pragma once

namespace drs {

/// A named place where a test can stop or kill the program:
/// OPENDRS_FAILPOINTS="sink.before_commit=kill@3,copy.read=sleep:200"
/// (`@n`: at the n-th pass; actions: kill (SIGKILL to itself: death from outside), abort (SIGABRT: an own
/// fault), sleep:<ms>). Does nothing, in one branch, when the
/// variable is not set. Threads: any.
void failpoint(const char* name) noexcept;

}  // namespace drs
