#pragma once

#include "wire/mysql/ddl_statement.h"

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace drs::mysql {

/// Reads one statement that defines tables or databases (ddl_statement.h). For one use.
class DdlParser {
 public:
  DdlParser(std::string_view sql, SqlSyntax syntax) : tokens_(tokenize(sql, syntax)) {}
  [[nodiscard]] DdlStatement run();

 private:
  // The statements; each begins behind its first words.
  void create();
  void createTable();
  void columns();
  void tableOptions();
  void alter();
  void alterTable();
  void drop();
  void dropTable();
  void renameTable();
  void index(DdlKind kind);
  void database(DdlKind kind);
  // Items of ALTER TABLE: the tokens from at_ up to `end`.
  void item(std::size_t end);
  void addItem(std::size_t end);
  void dropItem();
  void alterItem();
  void renameItem();
  void optionItem();
  /// What matters anywhere in a piece of text: REFERENCES, ENGINE, and what gives another result each time.
  void scan(std::size_t first, std::size_t end);
  void scanWord(std::size_t at, bool behindPartition, int depth);
  void engineAt(std::size_t at);
  void charsetAt(std::size_t at);
  void noteTemporal(std::size_t first, std::size_t end);

  [[nodiscard]] bool next(std::string_view keyword, std::size_t ahead = 0) const {
    return at_ + ahead < tokens_.size() && tokens_[at_ + ahead].is(keyword);
  }
  [[nodiscard]] bool nextAny(std::initializer_list<std::string_view> keywords, std::size_t ahead = 0) const;
  bool take(std::string_view keyword);
  bool takeAny(std::initializer_list<std::string_view> keywords);
  bool takeSymbol(char c);
  bool takeIfExists();
  bool takeTable(DdlTable::Role role);
  [[nodiscard]] bool symbolAt(std::size_t at, char c) const { return at < tokens_.size() && tokens_[at].isSymbol(c); }
  /// The token behind the bracket that closes the one at `open`.
  [[nodiscard]] std::size_t behindBracket(std::size_t open) const;
  /// The next comma outside of brackets, or the end.
  [[nodiscard]] std::size_t itemEnd() const;
  void add(AlterAction action) { out_.actions.push_back(action); }
  /// The statement is not understood.
  void refuse(std::string why);
  /// It is, but must not be run elsewhere.
  void forbid(std::string why);

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  DdlStatement out_;
};

}  // namespace drs::mysql
