// Inside the journal in memory: selecting from and changing its tables, as SQL would.
#pragma once

#include "tests/model/memory_journal.hpp"

#include <algorithm>
#include <optional>

namespace bh::life::memory {

inline Tables& of(Tx& tx) { return *tx.db().tables; }

template <class Row>
std::vector<Row> where(const Table<Row>& table, const auto& matches) {
    std::vector<Row> found;
    for (const auto& row : table) {
        if (matches(*row)) found.push_back(*row);
    }
    return found;
}

template <class Row>
std::optional<Row> one(const Table<Row>& table, const auto& matches) {
    for (const auto& row : table) {
        if (matches(*row)) return *row;
    }
    return std::nullopt;
}

template <class Row>
std::vector<Row> all(const Table<Row>& table) {
    return where(table, [](const Row&) { return true; });
}

// ORDER BY `key`; equal keys stay in order of insertion.
template <class Row>
std::vector<Row> ordered(std::vector<Row> rows, const auto& key) {
    const auto less = [&](const Row& a, const Row& b) { return key(a) < key(b); };
    // Few rows, mostly in order already. (std::stable_sort of GCC 12's library is an error under clang 19.)
    for (auto each = rows.begin(); each != rows.end(); ++each)
        std::rotate(std::upper_bound(rows.begin(), each, *each, less), each, std::next(each));
    return rows;
}

template <class Row>
std::vector<Row> page(std::vector<Row> rows, std::size_t limit, std::size_t offset = 0) {
    rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(std::min(offset, rows.size())));
    if (rows.size() > limit) rows.resize(limit);
    return rows;
}

template <class Row>
void erase(Table<Row>& table, const auto& matches) {
    std::erase_if(table, [&](const auto& row) { return matches(*row); });
}

// INSERT OR REPLACE by `key`.
template <class Row>
void put(Table<Row>& table, const Row& row, const auto& key) {
    for (auto& known : table) {
        if (key(*known) != key(row)) continue;
        known = std::make_shared<const Row>(row);
        return;
    }
    table.push_back(std::make_shared<const Row>(row));
}

// UPDATE: nothing where there is no such row.
template <class Row>
void replace(Table<Row>& table, const Row& row, const auto& key) {
    for (auto& known : table) {
        if (key(*known) == key(row)) known = std::make_shared<const Row>(row);
    }
}

inline bool is_waiting(const JobRow& job) {
    return job.state == JobState::queued || job.state == JobState::waiting || job.state == JobState::backoff ||
           job.state == JobState::uncertain;
}

template <class Row>
std::int64_t least(const Table<Row>& table, const auto& value) {
    std::int64_t best = 0;
    for (const auto& row : table) {
        const std::int64_t each = value(*row);
        if (each > 0 && (best == 0 || each < best)) best = each;
    }
    return best;
}

inline constexpr auto kRow = [](const auto& row) { return row.row; };
inline constexpr auto kNumber = [](const auto& row) { return row.n; };
inline constexpr auto kOp = [](const auto& row) -> const std::string& { return row.op_id; };
inline constexpr auto kInstance = [](const auto& row) -> const std::string& { return row.instance; };

}  // namespace bh::life::memory
