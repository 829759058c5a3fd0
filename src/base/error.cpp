#include "base/error.h"

#include <fmt/args.h>
#include <fmt/format.h>

#include <array>

namespace drs {
namespace {

constexpr std::array kMessages{
#define X(symbol, code, http, action, text, remedy) Message{#symbol, code, http, Action::action, text, remedy},
#include "base/catalogue.def"
#undef X
};

}  // namespace

const Message& message(Msg msg) noexcept {
  return kMessages.at(static_cast<std::size_t>(msg));
}

const std::vector<Msg>& allMessages() {
  static const std::vector<Msg> all{
#define X(symbol, code, http, action, text, remedy) Msg::symbol,
#include "base/catalogue.def"
#undef X
  };
  return all;
}

std::string format(std::string_view pattern, const std::vector<std::string>& args) {
  fmt::dynamic_format_arg_store<fmt::format_context> store;
  for (const auto& arg : args) store.push_back(arg);
  try {
    return fmt::vformat(pattern, store);
  } catch (const fmt::format_error&) {
    return std::string(pattern);
  }
}

Error::Error(Msg msg, std::vector<std::string> args, Origin origin, std::string detail)
    : msg_(msg),
      origin_(origin),
      args_(std::move(args)),
      detail_(std::move(detail)),
      text_(format(message(msg).text, args_)) {}

std::string Error::remedy() const {
  return format(message(msg_).remedy, args_);
}

std::string_view toText(Action action) noexcept {
  switch (action) {
    case Action::retry:
      return "retry";
    case Action::ask_user:
      return "ask_user";
    case Action::give_up:
      return "give_up";
  }
  return "";
}

std::string_view toText(Origin origin) noexcept {
  switch (origin) {
    case Origin::request:
      return "request";
    case Origin::source:
      return "source";
    case Origin::target:
      return "target";
    case Origin::store:
      return "store";
    case Origin::internal:
      return "internal";
  }
  return "";
}

}  // namespace drs
