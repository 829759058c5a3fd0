#include "engine/mysql/connection.h"

#include "engine/mysql/server_errors.h"
#include "engine/mysql/server_log.h"

#include <errmsg.h>
#include <fmt/format.h>
#include <mysql.h>

#include <algorithm>
#include <mutex>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

namespace drs::mysql {
namespace {

constexpr unsigned long kMaxPacket = 1UL << 30U;  // the protocol's own limit

/// A file without a name that holds the CA certificates while the library reads them.
class MemoryFile {
 public:
  explicit MemoryFile(const std::string& content) : fd_(::memfd_create("ca", MFD_CLOEXEC)) {
    std::size_t done = 0;
    while (fd_ >= 0 && done < content.size()) {
      const ssize_t n = ::write(fd_, content.data() + done, content.size() - done);
      if (n <= 0) break;
      done += static_cast<std::size_t>(n);
    }
    if (fd_ >= 0 && done == content.size()) return;
    if (fd_ >= 0) ::close(fd_);
    throw Error(Msg::internal, {"no memory for a certificate"});
  }
  ~MemoryFile() { ::close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  [[nodiscard]] std::string path() const { return fmt::format("/proc/self/fd/{}", fd_); }

 private:
  int fd_;
};

/// Frees a result; an unread rest is cut off by closing the session, never read to its end.
class Result {
 public:
  explicit Result(MYSQL_RES* result) : result_(result) {}
  ~Result() {
    if (result_ != nullptr) mysql_free_result(result_);
  }
  Result(const Result&) = delete;
  Result& operator=(const Result&) = delete;
  [[nodiscard]] MYSQL_RES* get() const { return result_; }

 private:
  MYSQL_RES* result_;
};

Error makeError(unsigned number, const std::string& text, const std::string& peer, Origin origin, bool opening) {
  const Msg msg = messageOf(number, opening);
  if (msg == Msg::databaseError || msg == Msg::databaseNotReady || msg == Msg::deadlock) {
    const std::string_view remedy = remedyOf(number);
    const std::string all = remedy.empty() ? text : fmt::format("{}. {}", text, remedy);
    return Error(msg, {peer, std::to_string(number), all}, origin);
  }
  return Error(msg, {peer, fmt::format("{} ({})", text, number)}, origin);
}

std::string peerName(Origin origin, const Address& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return fmt::format(fmt::runtime(v6 ? "{} [{}]:{}" : "{} {}:{}"), toText(origin), address.host, address.port);
}

// What the library asks when a server wants a local file. `userData` is the text that loadData() sends, empty at all
// other times: the server gets an error then, whatever it asked for.

int openFile(void** state, const char* /*name*/, void* userData) {
  *state = userData;
  return static_cast<std::string_view*>(userData)->empty() ? 1 : 0;
}

int readFile(void* state, char* to, unsigned most) {
  auto& left = *static_cast<std::string_view*>(state);
  const std::size_t count = std::min<std::size_t>(most, left.size());
  left.copy(to, count);
  left.remove_prefix(count);
  return static_cast<int>(count);
}

void closeFile(void* /*state*/) {}

int fileError(void* /*state*/, char* text, unsigned most) {
  constexpr std::string_view kText = "the server asked for a file that nobody offered";
  text[kText.copy(text, most - 1)] = '\0';
  return CR_UNKNOWN_ERROR;
}

void setOptions(MYSQL* mysql, const ConnectOptions& options, const std::string& caPath) {
  const auto connectTimeout = static_cast<unsigned>(options.connectTimeoutSeconds);
  const auto readTimeout = static_cast<unsigned>(options.readTimeoutSeconds);
  const unsigned protocol = MYSQL_PROTOCOL_TCP;  // "localhost" must not mean a socket file
  const unsigned localFiles = options.loadData ? 1 : 0;
  const my_bool no = 0;
  mysql_optionsv(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connectTimeout);
  mysql_optionsv(mysql, MYSQL_OPT_READ_TIMEOUT, &readTimeout);
  mysql_optionsv(mysql, MYSQL_OPT_WRITE_TIMEOUT, &readTimeout);
  mysql_optionsv(mysql, MYSQL_OPT_PROTOCOL, &protocol);
  mysql_optionsv(mysql, MYSQL_OPT_LOCAL_INFILE, &localFiles);
  mysql_optionsv(mysql, MYSQL_OPT_RECONNECT, &no);
  const unsigned long packet = options.maxRowBytes == 0 ? kMaxPacket : options.maxRowBytes;
  mysql_optionsv(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet);
  mysql_optionsv(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  mysql_optionsv(mysql, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "opendrs");
  if (!options.bindAddress.empty()) mysql_optionsv(mysql, MYSQL_OPT_BIND, options.bindAddress.c_str());
  if (!options.tls) return;
  const my_bool yes = 1;
  mysql_optionsv(mysql, MYSQL_OPT_SSL_ENFORCE, &yes);
  mysql_optionsv(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
  mysql_optionsv(mysql, MYSQL_OPT_TLS_VERSION, "TLSv1.2,TLSv1.3");
  if (!caPath.empty()) mysql_optionsv(mysql, MYSQL_OPT_SSL_CA, caPath.c_str());
}

/// The kernels at both ends ask each other for signs of life, so that a connection whose network has gone away ends
/// although the answer may take days, and a firewall between sees no idle one.
void watchNetwork(int socket, int timeoutSeconds) {
  const int on = 1;
  const int idle = std::max(1, timeoutSeconds / 10);
  const int interval = std::max(1, timeoutSeconds / 60);
  const unsigned most = static_cast<unsigned>(timeoutSeconds) * 1000;
  ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  ::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &most, sizeof most);
}

MYSQL* newHandle() {
  // The library's own first-use initialisation is not safe when two threads meet in it.
  static std::once_flag once;
  std::call_once(once, [] { mysql_library_init(0, nullptr, nullptr); });
  MYSQL* mysql = mysql_init(nullptr);
  if (mysql == nullptr) throw Error(Msg::internal, {"no memory for a database session"});
  return mysql;
}

}  // namespace

std::unique_ptr<Connection> Connection::open(const ConnectOptions& options) {
  if (options.addresses.empty()) throw Error(Msg::cannotResolve, {"", "no address is given"}, options.origin);
  std::optional<MemoryFile> ca;
  if (options.tls && !options.caPem.empty()) ca.emplace(options.caPem);

  const bool looks = options.prefersWritable && options.addresses.size() > 1;
  std::unique_ptr<Connection> readOnly;  // the first of them
  std::optional<Error> last;
  for (const Address& address : options.addresses) {
    std::unique_ptr<Connection> connection(new Connection(newHandle()));
    connection->origin_ = options.origin;
    connection->maxRowBytes_ = options.maxRowBytes;
    connection->peer_ = peerName(options.origin, address);
    MYSQL* mysql = connection->mysql_;
    setOptions(mysql, options, ca ? ca->path() : std::string());
    mysql_set_local_infile_handler(mysql, openFile, readFile, closeFile, fileError, &connection->file_);
    if (mysql_real_connect(mysql, address.host.c_str(), options.user.c_str(), options.password.c_str(), nullptr,
                           static_cast<unsigned>(address.port), nullptr,
                           CLIENT_FOUND_ROWS | CLIENT_MULTI_STATEMENTS | CLIENT_MULTI_RESULTS) == nullptr) {
      last = makeError(mysql_errno(mysql), mysql_error(mysql), connection->peer_, options.origin, true);
      // Another address of the same database answers the login in the same way; asking on would lock accounts.
      if (last->msg() == Msg::accessDenied) break;
      continue;
    }
    connection->socket_ = ::dup(static_cast<int>(mysql_get_socket(mysql)));
    watchNetwork(connection->socket_, options.networkTimeoutSeconds);
    if (!looks) {
      connection->setUp(options);
      return connection;
    }
    try {
      connection->setUp(options);
      if (isWritable(*connection)) return connection;
      if (!readOnly) readOnly = std::move(connection);
    } catch (const Error& error) {  // it is just going down
      last = error;
    }
  }
  if (readOnly) return readOnly;
  throw Error(*last);
}

void Connection::setUp(const ConnectOptions& options) {
  server_.mariadb = mariadb_connection(mysql_) != 0;
  server_.version = static_cast<int>(mysql_get_server_version(mysql_));
  server_.versionText = mysql_get_server_info(mysql_);
  execute(fmt::format(
      "SET NAMES utf8mb4, character_set_results = binary, time_zone = '+00:00', autocommit = 1, "
      "sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,STRICT_ALL_TABLES', sql_safe_updates = 0, "
      "sql_auto_is_null = 0, sql_quote_show_create = 1, sql_select_limit = DEFAULT, "
      "net_write_timeout = {}, net_read_timeout = 1800, wait_timeout = {}, {} = 0",
      options.unreadSeconds, options.idleSeconds, server_.mariadb ? "max_statement_time" : "max_execution_time"));
}

Connection::~Connection() {
  if (mysql_ != nullptr) mysql_close(mysql_);
  if (socket_ >= 0) ::close(socket_);
}

void Connection::fail() {
  lastErrno_ = mysql_errno(mysql_);
  // The library closes the session and calls it lost; only this mark tells a packet beyond the limit from a broken
  // network, which is 2.
  constexpr unsigned char kPacketRefused = 1;
  const bool closed = lastErrno_ == CR_SERVER_LOST || lastErrno_ == CR_NET_PACKET_TOO_LARGE;
  if (maxRowBytes_ != 0 && closed && mysql_->net.error == kPacketRefused)
    throw LargeRowMet(peer_, maxRowBytes_, origin_);
  throw makeError(lastErrno_, mysql_error(mysql_), peer_, origin_, false);
}

Connection::Outcome Connection::execute(std::string_view sql) {
  const std::vector<Outcome> outcomes = executeAll(sql);
  return outcomes.front();
}

Connection::Outcome Connection::loadData(std::string_view sql, std::string_view data) {
  file_ = data;
  try {
    const Outcome outcome = execute(sql);
    file_ = {};
    return outcome;
  } catch (...) {
    file_ = {};
    throw;
  }
}

std::vector<Connection::Outcome> Connection::executeAll(std::string_view sql) {
  lastErrno_ = 0;
  std::vector<Outcome> outcomes;
  if (mysql_real_query(mysql_, sql.data(), sql.size()) != 0) fail();
  while (true) {
    const Result result(mysql_store_result(mysql_));
    if (result.get() == nullptr && mysql_field_count(mysql_) != 0) fail();
    outcomes.push_back({mysql_affected_rows(mysql_), mysql_insert_id(mysql_), mysql_warning_count(mysql_)});
    const int more = mysql_next_result(mysql_);
    if (more > 0) fail();
    if (more < 0) return outcomes;
  }
}

std::vector<std::vector<std::optional<std::string>>> Connection::query(std::string_view sql) {
  std::vector<std::vector<std::optional<std::string>>> rows;
  stream(sql, [&](const Row& row) {
    auto& copy = rows.emplace_back();
    copy.reserve(row.size());
    for (const Field& field : row) {
      if (field.data() == nullptr)
        copy.emplace_back();
      else
        copy.emplace_back(std::string(field));
    }
    return true;
  });
  return rows;
}

std::optional<std::string> Connection::value(std::string_view sql) {
  auto rows = query(sql);
  if (rows.empty() || rows.front().empty()) return std::nullopt;
  return std::move(rows.front().front());
}

std::vector<std::map<std::string, std::string>> Connection::records(std::string_view sql) {
  lastErrno_ = 0;
  if (mysql_real_query(mysql_, sql.data(), sql.size()) != 0) fail();
  const Result result(mysql_store_result(mysql_));
  if (result.get() == nullptr) fail();
  std::vector<std::map<std::string, std::string>> rows;
  const MYSQL_FIELD* columns = mysql_fetch_fields(result.get());
  while (MYSQL_ROW fields = mysql_fetch_row(result.get())) {
    const unsigned long* lengths = mysql_fetch_lengths(result.get());
    auto& row = rows.emplace_back();
    for (unsigned i = 0; i < mysql_num_fields(result.get()); ++i)
      row[columns[i].name] = fields[i] == nullptr ? std::string() : std::string(fields[i], lengths[i]);
  }
  return rows;
}

void Connection::stream(std::string_view sql, const std::function<bool(const Row&)>& each) {
  lastErrno_ = 0;
  if (mysql_real_query(mysql_, sql.data(), sql.size()) != 0) fail();
  const Result result(mysql_use_result(mysql_));
  if (result.get() == nullptr) {
    if (mysql_errno(mysql_) != 0) fail();
    throw Error(Msg::internal, {"a statement without a result was read as a query"}, origin_);
  }
  Row row(mysql_num_fields(result.get()));
  try {
    while (MYSQL_ROW fields = mysql_fetch_row(result.get())) {
      const unsigned long* lengths = mysql_fetch_lengths(result.get());
      for (std::size_t i = 0; i < row.size(); ++i)
        row[i] = fields[i] == nullptr ? Field() : Field(fields[i], lengths[i]);
      if (!each(row)) {
        shutdown();
        return;
      }
    }
  } catch (...) {
    shutdown();  // freeing the result would read the rest first
    throw;
  }
  if (mysql_errno(mysql_) != 0) fail();
}

std::vector<std::string> Connection::warnings() {
  std::vector<std::string> lines;
  for (const auto& row : query("SHOW WARNINGS"))
    lines.push_back(row.at(1).value_or("") + ": " + row.at(2).value_or(""));
  return lines;
}

// Not const in meaning. NOLINTNEXTLINE(readability-make-member-function-const)
void Connection::shutdown() noexcept {
  if (socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
}

std::string quoteName(std::string_view name) {
  std::string out = "`";
  for (const char c : name) {
    if (c == '`') out += '`';
    out += c;
  }
  return out += '`';
}

std::string quoteName(const TableName& name) {
  return quoteName(name.database) + "." + quoteName(name.table);
}

std::string quoteText(std::string_view text) {
  if (text.find_first_of(std::string_view("\\\0", 2)) != std::string_view::npos) {
    // What a backslash means depends on sql_mode; hexadecimal digits mean the same everywhere.
    std::string out = "_utf8mb4 X'";
    for (const char c : text) out += fmt::format("{:02X}", static_cast<unsigned char>(c));
    return out += "'";
  }
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out += "'";
}

}  // namespace drs::mysql
