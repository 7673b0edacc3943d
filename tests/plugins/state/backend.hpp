// A pretended backend: state of the type S in a file, and faults that tests put in the way of its verbs.
//
// S needs a table `fields(F&, Is<S> auto&)` (plugin-api/documents/codec.hpp). A plugin calls verb(), a test edit(),
// look() and fail(). Any thread, any process.
#pragma once

#include "plugin-api/documents/codec.hpp"
#include "plugin-api/sdk/cpp/call.hpp"
#include "tests/plugins/state/state_file.hpp"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

namespace bh::mem {

// What happens to the next call of a verb. Without anything set: the call goes well.
struct Fault {
    std::string verb;            // "vm_create"
    std::uint32_t times = 1;     // calls it holds for
    std::int32_t status = 0;     // fail with this and do nothing
    bool lost = false;           // do it, and answer BH_E_UNKNOWN_OUTCOME
    std::string kill;            // "before" | "after": the process that called dies by SIGKILL around the effect
    std::uint32_t delay_ms = 0;  // wait first; ends early when the call is cancelled
    std::uint32_t retry_after_ms = 0;
};

template <class F>
void fields(F& f, Is<Fault> auto& x) {
    f.required("verb", x.verb, "");
    f.required("times", x.times, "");
    f.optional("status", x.status, "");
    f.optional("lost", x.lost, "");
    f.optional("kill", x.kill, "");
    f.optional("delay_ms", x.delay_ms, "");
    f.optional("retry_after_ms", x.retry_after_ms, "");
}

template <class S>
struct Contents {
    std::vector<Fault> faults;
    std::map<std::string, std::uint32_t> calls;  // how often each verb was called
    S backend;
};

template <class F, class S>
void fields_of(F& f, S& x) {
    f.optional("faults", x.faults, "");
    f.optional("calls", x.calls, "");
    f.required("backend", x.backend, "");
}
template <class F, class S>
void fields(F& f, Contents<S>& x) {
    fields_of(f, x);
}
template <class F, class S>
void fields(F& f, const Contents<S>& x) {
    fields_of(f, x);
}

template <class S>
class Backend {
public:
    explicit Backend(std::string path) : file_{std::move(path)} {}

    // body(S&) -> Result or Status; what it changed is kept when it is ok or BH_PENDING. `call` may be null.
    template <class B>
    auto verb(const char* name, const sdk::Call* call, B&& body) -> decltype(body(std::declval<S&>())) {
        using Answer = decltype(body(std::declval<S&>()));
        std::optional<Answer> answer;
        Fault fault;
        const Status taken = change([&](Contents<S>& contents) {
            ++contents.calls[name];
            fault = take(contents, name);
            // Waiting needs the lock open, dying before the effect needs the fault gone.
            if (fault.delay_ms == 0 && fault.kill != "before") answer = act(contents, fault, body);
        });
        if (!taken) return taken.failure();
        if (!answer) {
            if (const auto stopped = wait(fault, call)) return *stopped;
            if (fault.kill == "before") ::kill(::getpid(), SIGKILL);
            const Status acted = change([&](Contents<S>& contents) { answer = act(contents, fault, body); });
            if (!acted) return acted.failure();
        }
        if (fault.kill == "after") ::kill(::getpid(), SIGKILL);
        if (fault.lost)
            return Failure{BH_E_UNKNOWN_OUTCOME, "answer_lost", "the backend's answer was lost", fault.retry_after_ms};
        return std::move(*answer);
    }

    // For tests: changes the state under the lock; what went wrong with the file is thrown.
    template <class B>
    void edit(B&& body) {
        require(change([&](Contents<S>& contents) { body(contents.backend); }));
    }
    [[nodiscard]] S look() {
        S copy;
        edit([&](S& state) { copy = state; });
        return copy;
    }
    void fail(Fault fault) {
        require(change([&](Contents<S>& contents) { contents.faults.push_back(std::move(fault)); }));
    }
    [[nodiscard]] std::uint32_t calls(const std::string& verb) {
        std::uint32_t count = 0;
        require(change([&](Contents<S>& contents) { count = contents.calls[verb]; }));
        return count;
    }

private:
    static void require(const Status& status) {
        if (!status) throw std::runtime_error{status.failure().message};
    }

    template <class B>
    Status change(B&& body) {
        return file_.edit([&](std::string& text) -> Status {
            Contents<S> contents;
            if (!text.empty()) {
                const auto node = nlohmann::json::parse(text, nullptr, false);
                codec::Place at;
                codec::read(at, node, contents);
                if (!at.ok()) return Failure{BH_E_CORRUPT, "state_file", file_.path() + ": " + at.failure()->message};
            }
            body(contents);
            text.clear();
            codec::write(text, contents);
            return {};
        });
    }

    static Fault take(Contents<S>& contents, const char* name) {
        for (auto fault = contents.faults.begin(); fault != contents.faults.end(); ++fault) {
            if (fault->verb != name) continue;
            const Fault taken = *fault;
            if (--fault->times == 0) contents.faults.erase(fault);
            return taken;
        }
        return {};
    }

    template <class B>
    static auto act(Contents<S>& contents, const Fault& fault, B& body) -> decltype(body(std::declval<S&>())) {
        if (fault.status != 0)
            return Failure{fault.status, "injected", "the test wants this call to fail", fault.retry_after_ms};
        S next = contents.backend;
        auto answer = body(next);
        if (answer.ok() || answer.failure().code == BH_PENDING) contents.backend = std::move(next);
        return answer;
    }

    static std::optional<Failure> wait(const Fault& fault, const sdk::Call* call) {
        if (fault.delay_ms == 0) return std::nullopt;
        pollfd cancel{call != nullptr ? call->cancel_fd() : -1, POLLIN, 0};
        ::poll(&cancel, 1, static_cast<int>(fault.delay_ms));
        return call != nullptr ? call->stop() : std::nullopt;
    }

    StateFile file_;
};

// The configuration of every in-memory plugin starts with this.
struct FileConfig {
    std::string state_file;
};
template <class F>
void fields(F& f, Is<FileConfig> auto& x) {
    f.required("state_file", x.state_file, "");
}

// One page of the objects, `size` at most, from the index that `page` names on.
template <class D>
Result<std::pair<std::vector<D>, std::string>> page_of(const std::vector<D>& all, std::string_view page,
                                                       std::size_t size = 100) {
    std::size_t from = 0;
    for (const char c : page) {
        if (c < '0' || c > '9' || from > all.size()) return invalid("bad_page", "the page token is not one of ours");
        from = from * 10 + static_cast<std::size_t>(c - '0');
    }
    from = std::min(from, all.size());
    const std::size_t to = std::min(from + size, all.size());
    return std::pair{
        std::vector<D>(all.begin() + static_cast<std::ptrdiff_t>(from), all.begin() + static_cast<std::ptrdiff_t>(to)),
        to < all.size() ? std::to_string(to) : std::string{}};
}

}  // namespace bh::mem
