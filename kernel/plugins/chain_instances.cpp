#include "kernel/plugins/chain_instances.hpp"

#include "kernel/plugins/verb.hpp"
#include "plugin-api/crypto/digest.hpp"
#include "plugin-api/documents/strict_json.hpp"

#include <charconv>
#include <chrono>

namespace bh::plugins {
namespace {

using nlohmann::json;

constexpr std::size_t kIdDigits = 40;
constexpr std::int64_t kKeepSeconds = std::int64_t{7} * 86400;  // a user that asks later than that asks anew

// What is about the chain instance must not look as if it were about its user: that would park the user.
Failure passed_on(Failure failure, const std::string& chain) {
    switch (failure.code) {
        case BH_E_DENIED:
        case BH_E_NO_FUNDS:
        case BH_E_CORRUPT:
        case BH_E_INTERRUPTED:
        case BH_E_INTERNAL:
            failure.code = BH_E_UNAVAILABLE;
            break;
        default:
            break;
    }
    failure.message = "chain instance " + chain + ": " + failure.message;
    return failure;
}

Failure not_there(const std::string& chain) {
    constexpr std::uint32_t kPauseMs = 1000;
    return {BH_E_UNAVAILABLE, "chain_not_there", "the chain instance " + chain + " is not running", kPauseMs};
}

// One op_id of the user's call and one step are one op_id of the chain's.
std::string op_id_of(const std::string& user, bh_str op_id, const std::string& step) {
    std::string text = user;
    text.push_back('\0');
    text.append(op_id.ptr, op_id.len);
    text.push_back('\0');
    text += step;
    return crypto::hex(crypto::sha256(crypto::bytes_of(text))).substr(0, kIdDigits);
}

// The user's wish to stop, for the chain's verb.
class PassedCancel final : public life::Cancel {
public:
    explicit PassedCancel(const bh_call* call) : call_{call} {}
    [[nodiscard]] std::uint32_t reason() const noexcept override {
        return call_->cancelled(call_) != 0 ? call_->cancel_reason(call_) : std::uint32_t{BH_CANCEL_NONE};
    }
    [[nodiscard]] int fd() const noexcept override { return call_->cancel_fd; }

private:
    const bh_call* call_;
};

// What is kept of a submission, from before its first call on.
struct Kept {
    std::string intent;  // SHA-256 of its document
    Bytes checkpoint;
    std::string receipt;  // "" until it is final
    std::int64_t final_since = 0;

    [[nodiscard]] Bytes text() const {
        const std::string out = json{{"intent", intent},
                                     {"checkpoint", hex_from_bytes(checkpoint)},
                                     {"receipt", receipt},
                                     {"final_since", std::to_string(final_since)}}
                                    .dump();
        return {out.begin(), out.end()};
    }
    static Result<Kept> parse(const Bytes& stored) {
        const auto node = read_strict_json({reinterpret_cast<const char*>(stored.data()), stored.size()});
        const auto has = [&](const char* name) { return node->contains(name) && (*node)[name].is_string(); };
        if (!node || !node->is_object() || !has("intent") || !has("checkpoint") || !has("receipt") ||
            !has("final_since"))
            return damaged();
        auto checkpoint = bytes_from_hex((*node)["checkpoint"].get<std::string>());
        const std::string since = (*node)["final_since"].get<std::string>();
        Kept kept;
        const auto [end, error] = std::from_chars(since.data(), since.data() + since.size(), kept.final_since);
        if (!checkpoint || error != std::errc{} || end != since.data() + since.size()) return damaged();
        kept.intent = (*node)["intent"].get<std::string>();
        kept.checkpoint = std::move(*checkpoint);
        kept.receipt = (*node)["receipt"].get<std::string>();
        return kept;
    }
    static Failure damaged() {
        return {BH_E_CORRUPT, "bad_submission", "what the journal keeps of a submission is damaged; restore it"};
    }
};

}  // namespace

void ChainInstances::add(Instance& instance) {
    const std::unique_lock lock{mutex_};
    chains_[instance.name] = {&instance, instance.find<bh_chain>(BH_CHAIN),
                              instance.find<bh_chain_contract>(BH_CHAIN_CONTRACT)};
}

void ChainInstances::remove(const std::string& name) {
    const std::unique_lock lock{mutex_};
    chains_.erase(name);
}

Status ChainInstances::usable(const std::string& name) const {
    const std::shared_lock lock{mutex_};
    const auto found = chains_.find(name);
    if (found == chains_.end()) return invalid("grant", "there is no chain instance \"" + name + "\"");
    if (found->second.contract != nullptr) return {};
    return invalid("grant", "the chain instance \"" + name + "\" offers no " BH_CHAIN_CONTRACT);
}

template <class F>
Result<std::string> ChainInstances::use(const std::string& name, F&& body) {
    const std::shared_lock lock{mutex_};
    const auto found = chains_.find(name);
    if (found == chains_.end() || found->second.contract == nullptr || found->second.verbs == nullptr)
        return not_there(name);
    Result<std::string> out = body(found->second);
    if (!out) return passed_on(out.failure(), name);
    return out;
}

Result<std::string> ChainInstances::canonical(const std::string& chain, const std::string& address) {
    return use(chain, [&](const Chain& c) {
        return read_verb(chain, [&](bh_sink out, bh_error* err) {
            return c.instance->without_blocking(
                "parse_address", [&] { return c.verbs->parse_address(c.instance->self, text(address), out, err); });
        });
    });
}

Result<std::string> ChainInstances::read(const std::string& chain, const std::string& request, const std::string& at,
                                         std::uint32_t min_agree) {
    return use(chain, [&](const Chain& c) {
        return read_verb(chain, [&](bh_sink out, bh_error* err) {
            return c.contract->read(c.instance->self, text(request), text(at), min_agree, out, err);
        });
    });
}

Result<std::string> ChainInstances::logs(const std::string& chain, const std::string& filter, const std::string& cursor,
                                         std::uint32_t max) {
    return use(chain, [&](const Chain& c) {
        return read_verb(chain, [&](bh_sink out, bh_error* err) {
            return c.contract->logs(c.instance->self, text(filter), text(cursor), max, out, err);
        });
    });
}

std::int64_t ChainInstances::unix_now() {
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

Status ChainInstances::keep(const std::string& space, const std::string& key, const Bytes& row) {
    Status kept = store_.put(space, {{key, row}});
    if (kept || kept.failure().code != BH_E_EXHAUSTED) return kept;
    if (auto done = forget_old(space); !done) return done;
    return store_.put(space, {{key, row}});
}

Status ChainInstances::forget_old(const std::string& space) {
    std::string page;
    do {
        const auto keys = store_.list(space, "", page);
        if (!keys) return keys.failure();
        for (const std::string& key : keys->keys) {
            const auto row = store_.get(space, key);
            if (!row) continue;  // gone meanwhile
            const auto kept = Kept::parse(*row);
            if (!kept) return kept.failure();
            if (kept->receipt.empty() || now_() - kept->final_since < kKeepSeconds) continue;
            if (auto done = store_.put(space, {{key, {}}}); !done) return done;
        }
        page = keys->next;
    } while (!page.empty());
    return {};
}

Result<std::string> ChainInstances::submit(const std::string& user, const std::string& chain, const bh_call* call,
                                           const std::string& step, const ContractCall& what) {
    const std::string op_id = op_id_of(user, call->op_id, step);
    const std::string document = to_json(what);
    const std::string space = user + "/chain", key = chain + "/" + op_id;
    struct Running {
        ChainInstances& all;
        std::string key;
        ~Running() {
            const std::scoped_lock lock{all.running_mutex_};
            all.running_.erase(key);
        }
    };
    {
        const std::scoped_lock lock{running_mutex_};
        if (!running_.insert(space + "/" + key).second)
            return Failure{BH_E_BUSY, "submission_runs", "this step is being submitted already", 200};
    }
    const Running running{*this, space + "/" + key};

    Kept kept{crypto::hex(crypto::sha256(crypto::bytes_of(document))), {}, {}, 0};
    const auto put = [&] { return keep(space, key, kept.text()); };
    const auto stored = store_.get(space, key);
    if (stored) {
        auto before = Kept::parse(*stored);
        if (!before) return before.failure();
        if (before->intent != kept.intent) {
            return Failure{BH_E_CONFLICT, "other_call",
                           "the step \"" + step + "\" of this op_id has already submitted another call"};
        }
        if (!before->receipt.empty()) return before->receipt;
        kept = std::move(*before);
    } else if (stored.failure().code != BH_E_NOT_FOUND) {
        return stored.failure();
    } else if (auto done = put(); !done) {
        return done.failure();
    }

    const PassedCancel cancel{call};
    life::Call inner;
    inner.op_id = op_id;
    inner.trace_id.assign(call->trace_id.ptr != nullptr ? call->trace_id.ptr : "", call->trace_id.len);
    inner.attempt = stored && call->attempt < 2 ? 2 : call->attempt;
    inner.checkpoint = kept.checkpoint;
    inner.deadline_ns = call->deadline_ns;
    inner.cancel = &cancel;
    inner.save = [&](const Bytes& checkpoint) {
        kept.checkpoint = checkpoint;
        return put();
    };
    const Position final_at = final_at_(chain);
    const std::string final_text = final_at.known() ? to_json(final_at) : std::string{};
    auto receipt = use(chain, [&](const Chain& c) {
        const CallBridge bridge{inner};
        return read_verb(chain, [&](bh_sink out, bh_error* err) {
            return c.verbs->submit(c.instance->self, bridge.get(), text(document), text(final_text), out, err);
        });
    });
    if (!receipt) return receipt;
    if (const auto parsed = parse_receipt(*receipt); !parsed) {
        return passed_on({BH_E_INTERNAL, "bad_document", "its receipt is not valid: " + parsed.failure().message},
                         chain);
    }
    kept.receipt = *receipt;
    kept.final_since = now_();
    kept.checkpoint.clear();
    if (auto done = put(); !done) return done.failure();
    return receipt;
}

}  // namespace bh::plugins
