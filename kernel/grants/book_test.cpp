#include "kernel/grants/testing/scene.hpp"

#include <catch2/catch_test_macros.hpp>

#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>

using namespace bh;
using namespace bh::grants;
using namespace bh::grants::testing;

namespace {

class TestClock final : public life::Clock {
public:
    std::int64_t unix_ms() override { return ms; }
    std::uint64_t monotonic_ns() override { return static_cast<std::uint64_t>(ms - 1'000'000'000'000) * 1'000'000; }
    std::string boot_id() override { return "boot"; }
    Result<std::string> random_id() override { return std::string(32, '0'); }
    std::int64_t ms = 1'800'000'000'000;
};

struct Shelf {
    Shelf() {
        char pattern[] = "/dev/shm/bh-book-XXXXXX";
        directory = ::mkdtemp(pattern);
        open();
    }
    ~Shelf() {
        book.reset();
        std::filesystem::remove_all(directory);
    }
    // As a start does: opened, and polled once.
    void open() {
        book.reset();
        auto opened = Book::open(path(), clock);
        REQUIRE(opened.ok());
        book = std::move(*opened);
        (void)book->read(0, 0);
    }
    [[nodiscard]] std::string path() const { return directory + "/grants.jsonl"; }
    [[nodiscard]] std::string text() const {
        std::ifstream file{path()};
        std::stringstream all;
        all << file.rdbuf();
        return all.str();
    }
    void write(const std::string& text) const { std::ofstream{path(), std::ios::trunc} << text; }
    std::string reason() {
        book.reset();
        const auto opened = Book::open(path(), clock);
        return opened ? "" : opened.failure().reason;
    }
    Intent intent(const char* action) {
        Intent made;
        made.action = action, made.subscription = kId, made.sealed = {1, 2, 3}, made.owner = kOwner;
        made.order = book->find(kId)->order, made.deadline = book->find(kId)->window_ends;
        return made;
    }
    TestClock clock;
    std::string directory;
    std::unique_ptr<Book> book;
};

}  // namespace

TEST_CASE("a grant is there once for each nonce, also after a restart") {
    Shelf at;
    const auto first = at.book->grant(wish("a"), 8);
    REQUIRE(first.ok());
    CHECK(first->id == kId);
    at.open();
    CHECK(at.book->grant(wish("a"), 8)->id == kId);
    CHECK(at.book->list().size() == 1);
    Wish other = wish("a");
    other.owner = "0x0000000000000000000000000000000000000001";
    CHECK(at.book->grant(other, 8).failure().reason == "nonce_used");
    CHECK(at.book->grant(wish("b"), 8)->id == "1000000002");
    CHECK(at.book->list().size() == 2);
}

TEST_CASE("no more VMs are granted than the operator allows, and one that has ended makes room") {
    Shelf at;
    REQUIRE(at.book->grant(wish("a"), 1).ok());
    CHECK(at.book->grant(wish("b"), 1).failure().reason == "granted_limit");
    REQUIRE(at.book->end(kId, "end").ok());
    CHECK(at.book->grant(wish("b"), 1).ok());
    CHECK(at.book->grant(wish("c"), 0).failure().code == BH_E_EXHAUSTED);
}

TEST_CASE("nothing is written before the lifecycle has said what it knows") {
    Shelf at;
    at.book.reset();
    at.book = std::move(*Book::open(at.path(), at.clock));
    CHECK(at.book->grant(wish(), 8).failure().reason == "not_read_yet");
    (void)at.book->read(0, 1'900'000'000);
    const auto grant = at.book->grant(wish(), 8);
    REQUIRE(grant.ok());
    CHECK(grant->granted.seconds > 1'900'000'000);  // above every block that it was told of
}

TEST_CASE("each step of the lifecycle is written once, and only in its turn") {
    Shelf at;
    REQUIRE(at.book->grant(wish(), 8).ok());
    CHECK(at.book->apply("op-close", at.intent("close")).failure().reason == "reverted");
    CHECK(at.book->apply("op-burn", at.intent("burn")).failure().reason == "reverted");
    Intent other = at.intent("deliver");
    other.order = "0x00";
    CHECK(at.book->apply("op-deliver", other).failure().reason == "reverted");
    Intent late = at.intent("deliver");
    late.deadline = {1};
    CHECK(at.book->apply("op-deliver", late).failure().reason == "reverted");
    const auto delivered = at.book->apply("op-deliver", at.intent("deliver"));
    REQUIRE(delivered.ok());
    CHECK(at.book->apply("op-deliver", at.intent("deliver"))->hash == delivered->hash);
    CHECK(at.book->apply("op-again", at.intent("deliver")).failure().reason == "reverted");
    CHECK(at.book->apply("op-decline", at.intent("decline")).failure().reason == "reverted");
    CHECK(at.book->apply("op-close", at.intent("close")).failure().reason == "reverted");
    Intent thief = at.intent("update");
    thief.owner = "0x0000000000000000000000000000000000000001";
    CHECK(at.book->apply("op-thief", thief).failure().reason == "reverted");
    Intent reseal = at.intent("update");
    reseal.sealed = {9};
    REQUIRE(at.book->apply("op-update", reseal).ok());
    CHECK(at.book->find(kId)->sealed == Bytes{9});
    CHECK(at.book->apply("op-x", at.intent("withdraw")).failure().code == BH_E_UNSUPPORTED);
    REQUIRE(at.book->end(kId, "end").ok());
    REQUIRE(at.book->apply("op-close", at.intent("close")).ok());
    REQUIRE(at.book->apply("op-burn", at.intent("burn")).ok());
    CHECK(at.book->find(kId)->ended());
    CHECK(at.book->extend(kId, 1, "later").failure().reason == "not_extendable");
    at.open();
    CHECK(at.book->find(kId)->ended());
    CHECK(at.book->apply("op-deliver", at.intent("deliver"))->hash == delivered->hash);
}

TEST_CASE("the days count from the delivery, and an end is put off from itself or from now") {
    Shelf at;
    REQUIRE(at.book->grant(wish("a", 2), 8).ok());
    at.clock.ms += 3600'000;
    const auto delivered = at.book->apply("op", at.intent("deliver"));
    REQUIRE(delivered.ok());
    const auto start = static_cast<std::int64_t>(delivered->height);
    CHECK(at.book->find(kId)->expires_at.seconds == start + 2 * kDayS);
    CHECK(at.book->extend(kId, 1, "n1")->expires_at.seconds == start + 3 * kDayS);
    CHECK(at.book->extend(kId, 1, "n1")->expires_at.seconds == start + 3 * kDayS);
    at.clock.ms += 10 * kDayS * 1000;
    CHECK(at.book->extend(kId, 1, "n2")->expires_at.seconds >= at.clock.ms / 1000 + kDayS);
    CHECK(at.book->extend(kId, 0, "n3")->expires_at == kNever);
    CHECK(at.book->extend(kId, 1, "n4").failure().reason == "not_extendable");
    CHECK(at.book->extend("1000000009", 1, "n5").failure().code == BH_E_NOT_FOUND);
}

TEST_CASE("a state is that of its block, and a block of another book is none") {
    Shelf at;
    const Block before = at.book->read(0, 0).head;
    REQUIRE(at.book->grant(wish(), 8).ok());
    CHECK_FALSE(at.book->at(kId, before.position)->grant);
    CHECK(at.book->at(kId, {})->grant);
    CHECK(at.book->at(kId, {"0x00", before.position.height}).failure().code == BH_E_UNAVAILABLE);
    CHECK(at.book->at(kId, {before.position.id, before.position.height + 100'000}).failure().code == BH_E_UNAVAILABLE);
}

TEST_CASE("half a line that a crash left is cut off, and the book goes on") {
    Shelf at;
    REQUIRE(at.book->grant(wish("a"), 8).ok());
    const std::string whole = at.text();
    for (const std::size_t cut : {std::size_t{1}, whole.size() / 4, whole.size() - whole.find('\n') - 2}) {
        at.write(whole + whole.substr(whole.find('\n') + 1, cut));
        at.open();
        CHECK(at.text() == whole);
        CHECK(at.book->list().size() == 1);
    }
    REQUIRE(at.book->grant(wish("b"), 8).ok());
    at.open();
    CHECK(at.book->list().size() == 2);
}

TEST_CASE("a changed, removed, added or swapped line is found") {
    Shelf at;
    REQUIRE(at.book->grant(wish("a"), 8).ok());
    REQUIRE(at.book->grant(wish("b"), 8).ok());
    REQUIRE(at.book->end(kId, "end").ok());
    const std::string whole = at.text();
    std::vector<std::string> lines;
    std::istringstream in{whole};
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    REQUIRE(lines.size() == 4);
    std::string changed = whole;
    changed[changed.find("0x5CbDd86a") + 4] = 'd';
    at.write(changed);
    CHECK(at.reason() == "grants_book");
    at.write(lines[0] + "\n" + lines[2] + "\n" + lines[3] + "\n");
    CHECK(at.reason() == "grants_book");
    at.write(whole + lines[3] + "\n");
    CHECK(at.reason() == "grants_book");
    at.write(lines[0] + "\n" + lines[2] + "\n" + lines[1] + "\n" + lines[3] + "\n");
    CHECK(at.reason() == "grants_book");
    at.write("{}\n");
    CHECK(at.reason() == "grants_book");
    at.write(whole);
    CHECK(at.reason().empty());
}

TEST_CASE("a disk that is full leaves the book as it was") {
    Shelf at;
    REQUIRE(at.book->grant(wish("a"), 8).ok());
    const std::string whole = at.text();
    // No byte more than there is may be written.
    const auto limit_to = [](rlim_t size) {
        rlimit limit{};
        ::getrlimit(RLIMIT_FSIZE, &limit);
        limit.rlim_cur = size;
        ::setrlimit(RLIMIT_FSIZE, &limit);
    };
    ::signal(SIGXFSZ, SIG_IGN);
    limit_to(whole.size() + 20);
    const auto refused = at.book->grant(wish("b"), 8);
    limit_to(RLIM_INFINITY);
    CHECK(refused.failure().reason == "grants_file");
    CHECK(at.text() == whole);
    CHECK(at.book->list().size() == 1);
    CHECK(at.book->grant(wish("b"), 8).ok());
    at.open();
    CHECK(at.book->list().size() == 2);
}

TEST_CASE("each book is a chain of its own") {
    Shelf one, two;
    CHECK(one.book->chain() != two.book->chain());
    CHECK(one.book->contract() != two.book->contract());
    CHECK(one.book->chain().starts_with("eip155:"));
    const std::string chain = one.book->chain();
    one.open();
    CHECK(one.book->chain() == chain);
}

TEST_CASE("nonsense is no grant") {
    Shelf at;
    const auto reason = [&](auto change) {
        Wish bad = wish();
        change(bad);
        const auto grant = at.book->grant(bad, 8);
        return grant ? std::string{} : grant.failure().reason;
    };
    CHECK(reason([](Wish& w) { w.owner = "alice"; }) == "bad_grant");
    CHECK(reason([](Wish& w) { w.request.clear(); }) == "bad_grant");
    CHECK(reason([](Wish& w) { w.request.resize(1025); }) == "bad_grant");
    CHECK(reason([](Wish& w) { w.days = 3651; }) == "bad_grant");
    CHECK(reason([](Wish& w) { w.note = std::string(201, 'x'); }) == "bad_grant");
    CHECK(reason([](Wish& w) { w.nonce.clear(); }) == "bad_grant");
    CHECK(at.book->list().empty());
}
