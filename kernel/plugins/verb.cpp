#include "kernel/plugins/verb.hpp"

#include <cstdio>
#include <cstring>
#include <new>

namespace bh::plugins {

bh_status TextSink::write(void* ctx, const void* data, std::size_t len) noexcept {
    auto& self = *static_cast<TextSink*>(ctx);
    if (std::this_thread::get_id() != self.thread_) {
        self.elsewhere_ = true;
        return BH_E_INTERNAL;
    }
    auto& text = self.text_;
    if (len > kMaxDocument - text.size()) return BH_E_EXHAUSTED;
    try {
        text.append(static_cast<const char*>(data), len);
    } catch (const std::bad_alloc&) {
        return BH_E_EXHAUSTED;
    }
    return BH_OK;
}

bh_error empty_error() noexcept {
    bh_error error{};
    error.struct_size = sizeof error;
    return error;
}

namespace {

bool is_known(bh_status status) {
    return status == BH_PENDING || (status <= BH_E_INVALID && status >= BH_E_INTERRUPTED);
}

template <std::size_t N>
std::string bounded(const char (&text)[N]) {
    return {text, ::strnlen(text, N)};
}

}  // namespace

Failure failure_of(bh_status status, const bh_error& error, std::string_view instance) {
    if (!is_known(status)) {
        return {BH_E_INTERNAL, "unknown_status",
                "plugin instance " + std::string{instance} + " returned the unknown status " + std::to_string(status)};
    }
    Failure failure{status, bounded(error.reason), bounded(error.message), error.retry_after_ms};
    if (failure.reason.empty()) failure.reason = status == BH_PENDING ? "pending" : "unspecified";
    if (failure.message.empty() && status != BH_PENDING)
        failure.message = "plugin instance " + std::string{instance} + " gave no reason";
    return failure;
}

CallBridge::CallBridge(const life::Call& call) noexcept : source_{call} {
    call_.struct_size = sizeof call_;
    call_.attempt = call.attempt;
    call_.op_id = text(call.op_id);
    call_.trace_id = text(call.trace_id);
    call_.checkpoint = bytes(call.checkpoint);
    call_.deadline_ns = call.deadline_ns;
    call_.cancel_fd = call.cancel != nullptr ? call.cancel->fd() : -1;
    call_.ctx = this;
    call_.cancelled = cancelled;
    call_.cancel_reason = cancel_reason;
    call_.progress = progress;
    call_.save = save;
}

std::int32_t CallBridge::cancelled(const bh_call* call) noexcept { return cancel_reason(call) != BH_CANCEL_NONE; }

std::uint32_t CallBridge::cancel_reason(const bh_call* call) noexcept {
    const auto* cancel = static_cast<const CallBridge*>(call->ctx)->source_.cancel;
    return cancel != nullptr ? cancel->reason() : std::uint32_t{BH_CANCEL_NONE};
}

// Progress is shown to nobody yet: the stage timestamps of the journal say where an order stands.
void CallBridge::progress(const bh_call*, std::uint32_t, bh_str) noexcept {}

bh_status CallBridge::save(const bh_call* call, bh_bytes checkpoint, bh_error* err) noexcept {
    constexpr std::size_t kMaxCheckpoint = std::size_t{64} << 10;
    const auto report = [err](bh_status code, const char* reason, const char* message) {
        if (err != nullptr) {
            err->code = code;
            std::snprintf(err->reason, sizeof err->reason, "%s", reason);
            std::snprintf(err->message, sizeof err->message, "%s", message);
        }
        return code;
    };
    if (checkpoint.len > kMaxCheckpoint)
        return report(BH_E_INVALID, "checkpoint_too_large", "a checkpoint may have at most 64 KiB");
    try {
        const auto& source = static_cast<const CallBridge*>(call->ctx)->source_;
        if (!source.save) return report(BH_E_UNSUPPORTED, "no_checkpoint", "this call keeps no checkpoint");
        const auto saved = source.save(Bytes{checkpoint.ptr, checkpoint.ptr + checkpoint.len});
        if (saved) return BH_OK;
        return report(saved.failure().code, saved.failure().reason.c_str(), saved.failure().message.c_str());
    } catch (const std::exception& error) {
        return report(BH_E_INTERNAL, "exception", error.what());
    }
}

}  // namespace bh::plugins
