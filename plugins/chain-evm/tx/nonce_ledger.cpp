#include "plugins/chain-evm/tx/nonce_ledger.hpp"

#include "plugin-api/documents/codec.hpp"

namespace bh::evm {

template <class F>
void fields(F& f, Is<NonceEntry> auto& x) {
    f.optional("op", x.op, "op_id of the owner.");
    f.optional("saved", x.saved, "Checkpoint with what was signed.");
    f.required("at", x.at, "Unix seconds of the last change.");
}

namespace {

constexpr std::size_t kDigits = 20;  // so that byte order is the order of numbers

Result<NonceEntry> parse_entry(const Bytes& bytes) {
    Result<NonceEntry> out = read_document<NonceEntry>(crypto::text_of(bytes));
    if (out) return out;
    return Failure{BH_E_CORRUPT, "bad_nonce_entry", "a stored nonce is damaged; restore the journal", 0};
}

}  // namespace

NonceLedger::NonceLedger(const Services& services, const Address& agent)
    : services_{services}, prefix_{"nonce/" + agent.lower_text() + "/"} {}

std::string NonceLedger::key(std::uint64_t nonce) const {
    std::string digits = std::to_string(nonce);
    digits.insert(0, kDigits - digits.size(), '0');
    return prefix_ + digits;
}

Result<std::optional<NonceEntry>> NonceLedger::read(std::uint64_t nonce) {
    const Result<std::optional<Bytes>> value = services_.get(key(nonce));
    if (!value) return value.failure();
    if (!*value) return std::optional<NonceEntry>{};
    Result<NonceEntry> entry = parse_entry(**value);
    if (!entry) return entry.failure();
    return std::optional{std::move(*entry)};
}

Status NonceLedger::write(std::uint64_t nonce, const NonceEntry& entry) {
    return services_.put({{key(nonce), crypto::to_bytes(crypto::bytes_of(write_document(entry)))}});
}

Result<std::map<std::uint64_t, NonceEntry>> NonceLedger::read_all() {
    const Result<std::vector<std::string>> keys = services_.keys(prefix_);
    if (!keys) return keys.failure();
    std::map<std::uint64_t, NonceEntry> out;
    for (const std::string& name : *keys) {
        const auto number = Uint256::from_decimal(std::string_view{name}.substr(prefix_.size()));
        const auto nonce = number ? number->as_u64() : std::nullopt;
        const Result<std::optional<Bytes>> value = services_.get(name);
        if (!value) return value.failure();
        if (!nonce || !*value) return Failure{BH_E_CORRUPT, "bad_nonce_entry", "a stored nonce is damaged", 0};
        Result<NonceEntry> entry = parse_entry(**value);
        if (!entry) return entry.failure();
        out.emplace(*nonce, std::move(*entry));
    }
    return out;
}

Result<std::uint64_t> NonceLedger::reserve(const std::string& op, const Node::Nonces& nonces, std::int64_t now) {
    const std::lock_guard lock{mutex_};
    const Result<std::map<std::uint64_t, NonceEntry>> taken = read_all();
    if (!taken) return taken.failure();
    for (const auto& [nonce, entry] : *taken) {
        if (entry.op == op && entry.saved.empty() && nonce >= nonces.latest) return nonce;
    }
    std::uint64_t nonce = std::max(nonces.latest, nonces.pending);
    while (taken->contains(nonce)) ++nonce;
    if (const Status status = write(nonce, {op, {}, now}); !status) return status.failure();
    return nonce;
}

Status NonceLedger::record(std::uint64_t nonce, const std::string& op, const std::string& checkpoint,
                           std::int64_t now) {
    const std::lock_guard lock{mutex_};
    return write(nonce, {op, checkpoint, now});
}

Result<std::optional<std::string>> NonceLedger::saved(const std::string& op, std::uint64_t latest) {
    const std::lock_guard lock{mutex_};
    const Result<std::map<std::uint64_t, NonceEntry>> taken = read_all();
    if (!taken) return taken.failure();
    for (const auto& [nonce, entry] : *taken) {
        if (entry.op == op && nonce >= latest && !entry.saved.empty()) return std::optional{entry.saved};
    }
    return std::optional<std::string>{};
}

Status NonceLedger::release(std::uint64_t nonce, const std::string& op) {
    const std::lock_guard lock{mutex_};
    const Result<std::optional<NonceEntry>> held = read(nonce);
    if (!held) return held.failure();
    if (!*held || (*held)->op != op || !(*held)->saved.empty()) return {};
    return services_.put({{key(nonce), {}}});
}

Result<std::optional<NonceEntry>> NonceLedger::entry(std::uint64_t nonce) {
    const std::lock_guard lock{mutex_};
    return read(nonce);
}

Result<bool> NonceLedger::abandon(std::uint64_t nonce, std::int64_t before, std::int64_t now) {
    const std::lock_guard lock{mutex_};
    const Result<std::optional<NonceEntry>> held = read(nonce);
    if (!held) return held.failure();
    if (*held && !(*held)->saved.empty()) return false;
    if (*held && !(*held)->op.empty() && (*held)->at >= before) return false;
    if (const Status status = write(nonce, {"", {}, now}); !status) return status.failure();
    return true;
}

Status NonceLedger::forget_below(std::uint64_t final_nonce) {
    const std::lock_guard lock{mutex_};
    const Result<std::vector<std::string>> keys = services_.keys(prefix_);
    if (!keys) return keys.failure();
    const std::string limit = key(final_nonce);
    std::map<std::string, Bytes> gone;
    for (const std::string& name : *keys) {
        if (name < limit) gone.emplace(name, Bytes{});
    }
    return gone.empty() ? Status{} : services_.put(gone);
}

}  // namespace bh::evm
