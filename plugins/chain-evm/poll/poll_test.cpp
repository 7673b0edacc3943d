#include "plugins/chain-evm/poll/branch.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh;
using namespace bh::evm;

namespace {

Mark mark(std::uint64_t height) {
    Hash hash;
    hash.bytes[0] = static_cast<std::uint8_t>(height);
    return {height, hash, static_cast<std::int64_t>(1000 + height)};
}

}  // namespace

TEST_CASE("a cursor comes back whole") {
    const Address contract{};
    Cursor cursor;
    cursor.chain_id = 5;
    cursor.contract = contract;
    cursor.scanned = mark(8);
    cursor.part = Cursor::Part{mark(9), 3};
    cursor.branch = {mark(2), mark(8), mark(9), mark(10)};
    cursor.safe = mark(8);
    const auto read = parse_cursor(cursor_text(cursor), 5, contract);
    REQUIRE(read.ok());
    CHECK(*read == cursor);
    CHECK(parse_cursor("", 5, contract)->branch.empty());
}

TEST_CASE("a cursor that is damaged or another's is refused") {
    Cursor cursor;
    cursor.chain_id = 5;
    cursor.branch = {mark(1)};
    const std::string text = cursor_text(cursor);
    CHECK(parse_cursor(text, 6, {}).failure().code == BH_E_CORRUPT);
    Address other;
    other.bytes[3] = 1;
    CHECK(parse_cursor(text, 5, other).failure().code == BH_E_CORRUPT);
    for (std::size_t size = 1; size < text.size(); ++size) {
        CHECK(parse_cursor(text.substr(0, size), 5, {}).failure().code == BH_E_CORRUPT);
    }
    cursor.branch = {mark(2), mark(1)};
    CHECK_FALSE(parse_cursor(cursor_text(cursor), 5, {}).ok());
}

TEST_CASE("the dense part ends where the first height is missing") {
    const std::vector<Mark> branch{mark(1), mark(4), mark(6), mark(7), mark(8)};
    CHECK(dense_part(branch).size() == 3);
    CHECK(dense_part(branch).front().height == 6);
    CHECK(mark_at(branch, 4)->height == 4);
    CHECK(mark_at(branch, 5) == nullptr);
    CHECK(dense_part(std::vector<Mark>{}).empty());
    CHECK(dense_part(std::vector<Mark>{mark(3)}).size() == 1);
}
