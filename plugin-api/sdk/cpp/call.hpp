// The context of one long-running verb, typed: see blockhost/call.h for what a plugin owes the kernel.
#pragma once

#include "plugin-api/sdk/cpp/boundary.hpp"

#include <chrono>
#include <optional>

namespace bh::sdk {

// Refers to the kernel's bh_call: valid until the verb returns. Any thread.
class Call {
public:
    explicit Call(const bh_call& call) noexcept : call_{&call} {}

    [[nodiscard]] std::string op_id() const { return std::string{view(call_->op_id)}; }
    [[nodiscard]] std::string_view trace_id() const noexcept { return view(call_->trace_id); }
    [[nodiscard]] std::uint32_t attempt() const noexcept { return call_->attempt; }
    // The last thing that was saved for this op_id, in this attempt or an earlier one of this verb.
    [[nodiscard]] std::string_view checkpoint() const noexcept {
        return view({reinterpret_cast<const char*>(call_->checkpoint.ptr), call_->checkpoint.len});
    }
    [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> deadline() const noexcept {
        if (call_->deadline_ns == 0) return std::nullopt;
        return std::chrono::steady_clock::time_point{std::chrono::nanoseconds{call_->deadline_ns}};
    }
    // Becomes readable when the verb should stop; neither read nor close it. -1: none.
    [[nodiscard]] int cancel_fd() const noexcept { return call_->cancel_fd; }

    void progress(std::uint32_t permille, std::string_view stage) const noexcept {
        call_->progress(call_, permille, str(stage));
    }
    // Durable once it is ok. Before every irreversible step.
    [[nodiscard]] Status save(std::string_view checkpoint) const {
        Error error;
        return error.status(call_->save(call_, raw(checkpoint), error.out()));
    }

    // BH_CANCEL_NONE, or why to stop.
    [[nodiscard]] std::uint32_t cancel_reason() const noexcept {
        return call_->cancelled(call_) != 0 ? call_->cancel_reason(call_) : std::uint32_t{BH_CANCEL_NONE};
    }
    // What to return when the kernel wants the verb to stop, or nullopt. With BH_E_CANCELLED and BH_E_TIMEOUT no side
    // effect may remain: undo first. With BH_E_INTERRUPTED undo nothing.
    [[nodiscard]] std::optional<Failure> stop() const {
        switch (cancel_reason()) {
            case BH_CANCEL_NONE:
                return std::nullopt;
            case BH_CANCEL_ORDER:
                return Failure{BH_E_CANCELLED, "cancelled", "the order was cancelled; nothing remains of it"};
            case BH_CANCEL_DEADLINE:
                return Failure{BH_E_TIMEOUT, "deadline", "the time was not enough; nothing remains of it"};
            default:
                return Failure{BH_E_INTERRUPTED, "shutdown", "the kernel stops; the work goes on after its restart"};
        }
    }
    [[nodiscard]] const bh_call* c() const noexcept { return call_; }

private:
    const bh_call* call_;
};

}  // namespace bh::sdk
