#include "kernel/plugins/verb.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstring>

using namespace bh;
using namespace bh::plugins;

TEST_CASE("what a verb writes comes back whole, and at most 1 MiB of it") {
    const std::string half(kMaxDocument / 2, 'x');
    const auto twice = read_verb("a", [&](bh_sink out, bh_error*) {
        out.write(out.ctx, half.data(), half.size());
        return out.write(out.ctx, half.data(), half.size());
    });
    REQUIRE(twice);
    CHECK(twice->size() == kMaxDocument);
    const auto more = read_verb("a", [&](bh_sink out, bh_error*) {
        out.write(out.ctx, half.data(), half.size());
        out.write(out.ctx, half.data(), half.size());
        return out.write(out.ctx, "y", 1);
    });
    REQUIRE_FALSE(more);
    CHECK(more.failure().code == BH_E_EXHAUSTED);
}

TEST_CASE("an answer that was written on another thread is refused, whatever the verb says") {
    bh_status there = BH_OK;
    const auto written = read_verb("a", [&](bh_sink out, bh_error*) {
        out.write(out.ctx, "{}", 2);
        std::thread{[&] { there = out.write(out.ctx, "x", 1); }}.join();
        return bh_status{BH_OK};
    });
    CHECK(there == BH_E_INTERNAL);
    REQUIRE_FALSE(written);
    CHECK(written.failure().reason == "other_thread");
}

TEST_CASE("a verb's error keeps code, reason, sentence and hint") {
    const auto status = run_verb("a", [](bh_error* err) {
        err->retry_after_ms = 250;
        std::strcpy(err->reason, "pool_full");
        std::strcpy(err->message, "The pool is full.");
        return bh_status{BH_E_EXHAUSTED};
    });
    REQUIRE_FALSE(status);
    CHECK(status.failure().code == BH_E_EXHAUSTED);
    CHECK(status.failure().reason == "pool_full");
    CHECK(status.failure().message == "The pool is full.");
    CHECK(status.failure().retry_after_ms == 250);
}

TEST_CASE("an error without words, without an end, and an unknown status are survived and named") {
    CHECK(run_verb("hyper", [](bh_error*) { return bh_status{BH_E_BUSY}; }).failure().message ==
          "plugin instance hyper gave no reason");
    const auto endless = run_verb("a", [](bh_error* err) {
        std::memset(err->reason, 'r', sizeof err->reason);
        std::memset(err->message, 'm', sizeof err->message);
        return bh_status{BH_E_BUSY};
    });
    CHECK(endless.failure().message.size() == sizeof(bh_error::message));
    CHECK(run_verb("a", [](bh_error*) { return bh_status{77}; }).failure().code == BH_E_INTERNAL);
    CHECK(run_verb("a", [](bh_error*) { return bh_status{-99}; }).failure().code == BH_E_INTERNAL);
}

TEST_CASE("a document that does not parse is the plugin's bug, not the buyer's") {
    const auto position =
        document_verb("a", parse_position, [](bh_sink out, bh_error*) { return out.write(out.ctx, "{", 1); });
    REQUIRE_FALSE(position);
    CHECK(position.failure().code == BH_E_INTERNAL);
    CHECK(position.failure().reason == "bad_document");
}

TEST_CASE("a call carries its context, and its checkpoint is durable before save returns") {
    struct Stop : life::Cancel {
        std::uint32_t why = BH_CANCEL_NONE;
        [[nodiscard]] std::uint32_t reason() const noexcept override { return why; }
        [[nodiscard]] int fd() const noexcept override { return 42; }
    } stop;
    Bytes saved;
    life::Call call;
    call.op_id = "op";
    call.attempt = 3;
    call.checkpoint = {1, 2};
    call.deadline_ns = 99;
    call.cancel = &stop;
    call.save = [&](const Bytes& checkpoint) -> Status {
        if (checkpoint.size() == 1) return Failure{BH_E_EXHAUSTED, "disk_full", "the disk is full"};
        saved = checkpoint;
        return {};
    };
    const CallBridge bridge{call};
    const bh_call* abi = bridge.get();
    CHECK(std::string_view(abi->op_id.ptr, abi->op_id.len) == "op");
    CHECK(abi->attempt == 3);
    CHECK(abi->checkpoint.len == 2);
    CHECK(abi->deadline_ns == 99);
    CHECK(abi->cancel_fd == 42);
    CHECK(abi->cancelled(abi) == 0);
    stop.why = BH_CANCEL_SHUTDOWN;
    CHECK(abi->cancelled(abi) != 0);
    CHECK(abi->cancel_reason(abi) == BH_CANCEL_SHUTDOWN);

    const std::uint8_t data[] = {7, 8, 9};
    bh_error error = empty_error();
    CHECK(abi->save(abi, {data, 3}, &error) == BH_OK);
    CHECK(saved == Bytes{7, 8, 9});
    CHECK(abi->save(abi, {data, 1}, &error) == BH_E_EXHAUSTED);
    CHECK(std::string_view{error.reason} == "disk_full");
    const Bytes large(70000, 0);
    CHECK(abi->save(abi, {large.data(), large.size()}, &error) == BH_E_INVALID);
    CHECK(saved == Bytes{7, 8, 9});
}
