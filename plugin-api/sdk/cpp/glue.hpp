// What the tables of all kinds share: finding the plugin's object, parsing arguments, printing answers.
#pragma once

#include "plugin-api/sdk/cpp/call.hpp"
#include "plugin-api/sdk/cpp/kernel.hpp"

#include <atomic>
#include <memory>

namespace bh::sdk {

// What a bh_instance of a C++ plugin is.
template <class T>
struct Instance {
    std::unique_ptr<T> plugin;
    std::atomic<bool> quiesced = false;
};

template <class T>
Instance<T>& instance(bh_instance* self) noexcept {
    return *reinterpret_cast<Instance<T>*>(self);
}

// Runs `body(T&) -> Status` as a verb of the instance.
template <class T, class F>
bh_status verb(bh_instance* self, bh_error* err, F&& body) noexcept {
    return guarded(err, [&]() -> Status {
        if (instance<T>(self).quiesced)
            return Failure{BH_E_INTERRUPTED, "quiesced", "the instance stops; the work goes on after the restart"};
        return std::forward<F>(body)(*instance<T>(self).plugin);
    });
}

// `answer` printed into `out`, or its failure. Text is written as it is.
template <class D>
Status print(bh_sink out, const Result<D>& answer) {
    if (!answer) return answer.failure();
    if constexpr (std::same_as<D, std::string>) {
        return write(out, *answer);
    } else {
        return write(out, to_json(*answer));
    }
}

// `body(document)` if `parsed` is one; its failure names the argument.
template <class D, class F>
Status with(const char* argument, const Result<D>& parsed, F&& body) {
    if (!parsed) return parsed.failure().within(argument);
    return std::forward<F>(body)(*parsed);
}

// Verbs on an object are given its id or the whole document about it; the plugin sees the id.
template <class D>
Result<std::string> object_id(bh_str text, Result<D> (*parse)(std::string_view), std::string D::* id) {
    if (!view(text).starts_with('{')) return std::string{view(text)};
    Result<D> document = parse(view(text));
    if (!document) return document.failure();
    return std::move((*document).*id);
}

}  // namespace bh::sdk
