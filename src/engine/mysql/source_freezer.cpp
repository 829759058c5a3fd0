#include "engine/mysql/source_freezer.h"

#include "base/failpoint.h"
#include "engine/mysql/connection.h"
#include "engine/mysql/named_lock.h"
#include "engine/mysql/prober_checks.h"
#include "engine/mysql/read_only.h"

#include <fmt/format.h>

namespace drs::mysql {
namespace {

// While SET GLOBAL read_only waits for other sessions, it keeps all others from beginning to write.
constexpr int kFreezeSeconds = 10;

class Freezer final : public SourceFreezer {
 public:
  explicit Freezer(const EngineJob& job)
      : options_(connectOptions(job, Side::source)), lock_("drs.cutover." + job.id) {}

  std::string setting() override {
    const auto server = Connection::open(options_);
    std::string text = globalVariable(*server, "read_only");
    if (bindsAll(*server)) text += "/" + globalVariable(*server, "super_read_only");
    return text;
  }

  FreezeOutlook outlook() override {
    const auto server = Connection::open(options_);
    const ReadOnlyRights rights = readOnlyRights(Grants::read(*server), server->server());
    FreezeOutlook out;
    if (!rights.set)
      out.obstacle = fmt::format(
          "the source's account lacks {}; grant it, or stop the applications yourself and say that the source is "
          "frozen",
          rights.setBy);
    if (!bindsAll(*server))
      out.caution = fmt::format("accounts with {} can still write at a source that is read_only", rights.writeBy);
    return out;
  }

  void freeze(const std::function<bool()>& mayFreeze) override {
    const auto server = Connection::open(options_);
    const NamedLock lock(*server, lock_, kFreezeSeconds);
    if (!mayFreeze()) throw Error(Msg::fenced, {"the cut-over"}, Origin::source);
    server->execute(fmt::format("SET SESSION lock_wait_timeout = {}", kFreezeSeconds));
    try {
      server->execute(bindsAll(*server) ? "SET GLOBAL super_read_only = ON" : "SET GLOBAL read_only = ON");
    } catch (const Error& error) {
      if (error.msg() != Msg::deadlock) throw;
      throw Error(Msg::sourceBusy,
                  {server->peer(),
                   fmt::format("SET GLOBAL read_only = ON waited {} s for statements or table locks of other sessions; "
                               "let them end there",
                               kFreezeSeconds)},
                  Origin::source);
    }
    failpoint("freezer.frozen");
  }

  void thaw(const std::string& setting) override {
    const auto server = Connection::open(options_);
    endHolder(*server, lock_);  // a worker that was given up as lost and may wake again
    const std::size_t slash = setting.find('/');
    const std::string readOnly = setting.substr(0, slash);
    // What was read-only before stays so; super_read_only goes first, for it holds read_only up.
    if (slash != std::string::npos && isWritable(std::string_view(setting).substr(slash + 1)))
      server->execute("SET GLOBAL super_read_only = OFF");
    if (isWritable(readOnly)) server->execute("SET GLOBAL read_only = OFF");
  }

 private:
  static bool bindsAll(const Connection& server) { return !server.server().mariadb; }

  ConnectOptions options_;
  std::string lock_;
};

}  // namespace

std::unique_ptr<SourceFreezer> makeSourceFreezer(const EngineJob& job) {
  return std::make_unique<Freezer>(job);
}

}  // namespace drs::mysql
