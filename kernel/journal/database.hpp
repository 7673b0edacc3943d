// The only place that knows SQLiteCpp: a connection, cached statements, and rows read and written by their `fields`.
// Internal to kernel/journal. Errors are SQLite::Exception here; Journal turns them into a Failure.
#pragma once

#include "kernel/journal/rows.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <memory>
#include <stdexcept>
#include <unordered_map>
#include <utility>

namespace bh::life {

// A word in the database that this program does not know: written by a newer one, or damaged.
struct UnknownWord : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Database {
public:
    explicit Database(const std::string& path);

    // A cached statement, reset and without bindings.
    SQLite::Statement& prepare(const std::string& sql);
    void execute(const char* sql) { connection_.exec(sql); }
    // Before a transaction ends: a statement that was not read to its end goes on reading after it, and while one does
    // SQLite can't copy the write-ahead log to the file, which then grows without end.
    void end_reads();
    std::vector<std::string> take_scans();  // Journal::take_scans
    std::uint64_t take_steps();             // Journal::take_steps
    [[nodiscard]] std::int64_t last_row() const { return connection_.getLastInsertRowid(); }

private:
    void migrate();
    SQLite::Database connection_;
    std::unordered_map<std::string, std::unique_ptr<SQLite::Statement>> statements_;
};

namespace column {

inline void bind(SQLite::Statement& s, int i, const std::string& v) { s.bind(i, v); }
inline void bind(SQLite::Statement& s, int i, const char* v) { s.bind(i, std::string{v}); }
inline void bind(SQLite::Statement& s, int i, std::int64_t v) { s.bind(i, v); }
inline void bind(SQLite::Statement& s, int i, std::uint64_t v) { s.bind(i, static_cast<std::int64_t>(v)); }
inline void bind(SQLite::Statement& s, int i, std::uint32_t v) { s.bind(i, static_cast<std::int64_t>(v)); }
inline void bind(SQLite::Statement& s, int i, std::int32_t v) { s.bind(i, v); }
inline void bind(SQLite::Statement& s, int i, bool v) { s.bind(i, v ? 1 : 0); }
inline void bind(SQLite::Statement& s, int i, UnixTime v) { s.bind(i, v.seconds); }
inline void bind(SQLite::Statement& s, int i, const Bytes& v) {
    static const std::uint8_t none = 0;  // a null pointer would be NULL, not an empty blob
    s.bind(i, v.empty() ? &none : v.data(), static_cast<int>(v.size()));
}
template <class Word>
    requires std::is_enum_v<Word>
void bind(SQLite::Statement& s, int i, Word v) {
    s.bind(i, std::string{to_text(v)});
}

// The same without a copy: the value stays where it is until the statement has run.
template <class T>
void lend(SQLite::Statement& s, int i, const T& v) {
    bind(s, i, v);
}
inline void lend(SQLite::Statement& s, int i, const std::string& v) { s.bindNoCopy(i, v); }

inline void read(SQLite::Statement& s, int i, std::string& v) { v = s.getColumn(i).getString(); }
inline void read(SQLite::Statement& s, int i, std::int64_t& v) { v = s.getColumn(i).getInt64(); }
inline void read(SQLite::Statement& s, int i, std::uint64_t& v) {
    v = static_cast<std::uint64_t>(s.getColumn(i).getInt64());
}
inline void read(SQLite::Statement& s, int i, std::uint32_t& v) {
    v = static_cast<std::uint32_t>(s.getColumn(i).getInt64());
}
inline void read(SQLite::Statement& s, int i, std::int32_t& v) { v = s.getColumn(i).getInt(); }
inline void read(SQLite::Statement& s, int i, bool& v) { v = s.getColumn(i).getInt() != 0; }
inline void read(SQLite::Statement& s, int i, UnixTime& v) { v.seconds = s.getColumn(i).getInt64(); }
inline void read(SQLite::Statement& s, int i, Bytes& v) {
    const SQLite::Column column = s.getColumn(i);
    const auto* data = static_cast<const std::uint8_t*>(column.getBlob());
    v.assign(data, data + column.getBytes());
}
template <class Word>
    requires std::is_enum_v<Word>
void read(SQLite::Statement& s, int i, Word& v) {
    const std::string text = s.getColumn(i).getString();
    const auto word = word_from_text<Word>(text);
    if (!word) throw UnknownWord{"the journal holds the unknown word '" + text + "'"};
    v = *word;
}

}  // namespace column

template <class Row>
constexpr const Row* tag() noexcept {
    return nullptr;
}

// "a, b, c"
template <class Row>
std::string columns_of() {
    std::string names;
    auto visit = [&names](const char* name, const auto&) { names += (names.empty() ? "" : ", ") + std::string{name}; };
    const Row row{};
    fields(visit, row, tag<Row>());
    return names;
}

template <class... Values>
SQLite::Statement& bound(Database& db, const std::string& sql, const Values&... values) {
    SQLite::Statement& statement = db.prepare(sql);
    int i = 0;
    (column::bind(statement, ++i, values), ...);
    return statement;
}

// The number in the first column of the first row; 0 if there is none.
inline std::int64_t first_number(SQLite::Statement& s) { return s.executeStep() ? s.getColumn(0).getInt64() : 0; }

// Tells `visit` of each row of `table` that `where` (SQL behind FROM) selects; how many there were.
template <class Row, class Visit, class... Values>
std::size_t each(Database& db, const std::string& table, const std::string& where, const Visit& visit,
                 const Values&... values) {
    static const std::string columns = columns_of<Row>();
    SQLite::Statement& s = bound(db, "SELECT " + columns + " FROM " + table + " " + where, values...);
    std::size_t count = 0;
    for (; s.executeStep(); ++count) {
        Row row;
        int i = 0;
        auto read = [&s, &i](const char*, auto& field) { column::read(s, i++, field); };
        fields(read, row, tag<Row>());
        visit(std::move(row));
    }
    return count;
}

// All of them.
template <class Row, class... Values>
std::vector<Row> select(Database& db, const std::string& table, const std::string& where, const Values&... values) {
    std::vector<Row> rows;
    each<Row>(db, table, where, [&rows](Row&& row) { rows.push_back(std::move(row)); }, values...);
    return rows;
}

template <class Row, class... Values>
std::optional<Row> select_one(Database& db, const std::string& table, const std::string& where,
                              const Values&... values) {
    auto rows = select<Row>(db, table, where + " LIMIT 1", values...);
    if (rows.empty()) return std::nullopt;
    return std::move(rows.front());
}

template <class... Values>
int change(Database& db, const std::string& sql, const Values&... values) {
    return bound(db, sql, values...).exec();
}

// INSERT with `verb` ("INSERT", "INSERT OR IGNORE", "INSERT OR REPLACE"); `generated` (a column that the database
// numbers by itself) is left out.
template <class Row>
std::string insert_text(const char* verb, const std::string& table, std::string_view generated = {}) {
    std::string names, marks;
    auto name = [&](const char* column, const auto&) {
        if (column == generated) return;
        names += (names.empty() ? "" : ", ") + std::string{column};
        marks += marks.empty() ? "?" : ", ?";
    };
    const Row row{};
    fields(name, row, tag<Row>());
    return std::string{verb} + " INTO " + table + "(" + names + ") VALUES(" + marks + ")";
}

// Runs an insert_text(). Returns how many rows came.
template <class Row>
int insert_as(Database& db, const std::string& text, const Row& row, std::string_view generated = {}) {
    SQLite::Statement& s = db.prepare(text);
    int i = 0;
    auto value = [&](const char* column, const auto& field) {
        if (column != generated) column::lend(s, ++i, field);
    };
    fields(value, row, tag<Row>());
    const int rows = s.exec();
    s.reset();
    s.clearBindings();  // what they point to is the caller's
    return rows;
}

template <class Row>
int insert(Database& db, const char* verb, const std::string& table, const Row& row, std::string_view generated = {}) {
    return insert_as(db, insert_text<Row>(verb, table, generated), row, generated);
}

// UPDATE of the row whose `key` column equals the row's: of the columns that differ, since SQLite writes each index of
// a column that an UPDATE names, changed or not. Returns how many rows it found.
template <class Row>
int update(Database& db, const std::string& table, const Row& row, std::string_view key) {
    std::optional<Row> old;
    const std::string where = "WHERE " + std::string{key} + " = ?";
    auto find = [&](const char* column, const auto& field) {
        if (column == key) old = select_one<Row>(db, table, where, field);
    };
    fields(find, row, tag<Row>());
    if (!old) return 0;
    std::vector<const void*> before;  // in the order of fields(), which is the type's
    auto note = [&before](const char*, const auto& field) { before.push_back(&field); };
    fields(note, std::as_const(*old), tag<Row>());
    std::vector<bool> differs;
    std::string sets;
    auto compare = [&]<class Field>(const char* column, const Field& field) {
        differs.push_back(!(field == *static_cast<const Field*>(before[differs.size()])));
        if (differs.back()) sets += (sets.empty() ? "" : ", ") + std::string{column} + " = ?";
    };
    fields(compare, row, tag<Row>());
    if (sets.empty()) return 1;
    SQLite::Statement& s = db.prepare("UPDATE " + table + " SET " + sets + " " + where);
    int i = 0;
    std::size_t at = 0;
    auto value = [&](const char*, const auto& field) {
        if (differs[at++]) column::bind(s, ++i, field);
    };
    fields(value, row, tag<Row>());
    auto last = [&](const char* column, const auto& field) {
        if (column == key) column::bind(s, i + 1, field);
    };
    fields(last, row, tag<Row>());
    return s.exec();
}

}  // namespace bh::life
