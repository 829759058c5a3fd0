#pragma once

#include "wire/mysql/rows_event.h"
#include "wire/mysql/table_map.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace drs::mysql {

/// Takes the values of the rows, in column order; views are valid during the call only.
class RowValueSink {
 public:
  virtual ~RowValueSink() = default;
  virtual void onNull() = 0;
  virtual void onAbsent() = 0;  ///< the image does not have the column
  virtual void onSigned(std::int64_t value) = 0;
  virtual void onUnsigned(std::uint64_t value) = 0;  ///< unsigned integers, YEAR, BIT, ENUM's index, SET's mask
  virtual void onReal(double value) = 0;             ///< a FLOAT is the double of equal value
  virtual void onNumber(std::string_view text) = 0;  ///< DECIMAL
  virtual void onText(std::string_view bytes) = 0;   ///< strings as they are, temporal values and JSON as text
};

/// How the rows of one definition of a table are read: for each column a step, chosen once by its type and format.
/// Threads: any, as it never changes.
class RowLayout {
 public:
  /// Of no table: takes no rows.
  RowLayout() = default;
  /// `formats` has one entry for each column of the map.
  RowLayout(const TableMap& map, std::span<const ColumnFormat> formats);

  /// Decodes all rows of an event; an update gives the row before and the row after, in turn. Returns the number of
  /// images. Changed JSON values come out whole. Throws Error(logCorrupt, logUnsupported).
  std::size_t decode(const RowsEvent& event, RowValueSink& sink) const;

 private:
  struct Input;
  struct Image;
  struct Steps;
  struct Step;
  using Read = void (*)(Input&, const Step&);
  struct Step {
    Read read = nullptr;
    WireColumn column;
    ColumnFormat format;
    std::size_t valueBytes = 0;  ///< of a DECIMAL
  };
  [[nodiscard]] Image imageOf(std::string_view bitmap) const;
  void readImage(Input& input, const Image& image) const;
  void readPartialImage(Input& input, const Image& image, bool isAfter) const;
  void readPartialJson(Input& input, std::size_t column, bool isAfter, bool isChange) const;

  std::string name_;  ///< "database.table"
  std::vector<Step> steps_;
  std::size_t jsonColumns_ = 0;
};

}  // namespace drs::mysql
