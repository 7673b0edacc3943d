// Calling one verb through the C ABI: output sink, error, call context. The rest of the kernel sees typed documents and
// Results.
#pragma once

#include "kernel/lifecycle/seams.hpp"
#include "plugin-api/documents/result.hpp"

#include <blockhost/call.h>

#include <atomic>
#include <string>
#include <string_view>
#include <thread>

namespace bh::plugins {

// A document may have at most 1 MiB; a plugin that writes more gets BH_E_EXHAUSTED from its sink.
inline constexpr std::size_t kMaxDocument = std::size_t{1} << 20;

// A sink is [serial]: what another thread than the verb's writes is refused, and spoils the answer.
class TextSink {
public:
    [[nodiscard]] bh_sink sink() noexcept { return {this, write}; }
    [[nodiscard]] bool used_elsewhere() const noexcept { return elsewhere_.load(); }
    std::string take() && { return std::move(text_); }

private:
    static bh_status write(void* ctx, const void* data, std::size_t len) noexcept;
    const std::thread::id thread_ = std::this_thread::get_id();
    std::atomic<bool> elsewhere_{false};
    std::string text_;
};

// What a verb left behind as a Failure; `status` is what it returned, and wins over what the struct says.
Failure failure_of(bh_status status, const bh_error& error, std::string_view instance);

bh_error empty_error() noexcept;
inline bh_str text(std::string_view view) noexcept { return {view.data(), view.size()}; }
inline bh_bytes bytes(const Bytes& view) noexcept { return {view.data(), view.size()}; }

// A life::Call as the ABI's bh_call. Lives on the stack around one verb; the life::Call must outlive it.
class CallBridge {
public:
    explicit CallBridge(const life::Call& call) noexcept;
    CallBridge(const CallBridge&) = delete;
    CallBridge& operator=(const CallBridge&) = delete;
    [[nodiscard]] const bh_call* get() const noexcept { return &call_; }

private:
    static std::int32_t cancelled(const bh_call* call) noexcept;
    static std::uint32_t cancel_reason(const bh_call* call) noexcept;
    static void progress(const bh_call* call, std::uint32_t permille, bh_str stage) noexcept;
    static bh_status save(const bh_call* call, bh_bytes checkpoint, bh_error* err) noexcept;

    const life::Call& source_;
    bh_call call_{};
};

// Runs `verb(err)` and returns its status as a Status.
template <class F>
Status run_verb(std::string_view instance, F&& verb) {
    bh_error error = empty_error();
    const bh_status status = verb(&error);
    if (status == BH_OK) return {};
    return failure_of(status, error, instance);
}

// Runs `verb(sink, err)` and returns the document it wrote.
template <class F>
Result<std::string> read_verb(std::string_view instance, F&& verb) {
    TextSink out;
    bh_error error = empty_error();
    const bh_status status = verb(out.sink(), &error);
    if (out.used_elsewhere()) {
        return Failure{BH_E_INTERNAL, "other_thread",
                       "plugin instance " + std::string{instance} +
                           " wrote its answer on another thread than the one that ran the verb"};
    }
    if (status == BH_OK) return std::move(out).take();
    return failure_of(status, error, instance);
}

// read_verb, and the document parsed. A document that does not parse is a bug of the plugin: BH_E_INTERNAL.
template <class T, class F>
Result<T> document_verb(std::string_view instance, Result<T> (*parse)(std::string_view), F&& verb) {
    auto json = read_verb(instance, std::forward<F>(verb));
    if (!json) return json.failure();
    auto document = parse(*json);
    if (document) return document;
    return Failure{BH_E_INTERNAL, "bad_document",
                   "plugin instance " + std::string{instance} +
                       " returned a document that is not valid: " + document.failure().message};
}

}  // namespace bh::plugins
