#include "plugins/chain-evm/services/services.hpp"

#include "plugin-api/crypto/secp256k1.hpp"

namespace bh::evm {
namespace {

constexpr const char* kAgentKey = "agent";
constexpr const char* kScheme = "eip1559-tx";

}  // namespace

Services::Services(const sdk::Kernel& kernel)
    : signer_{kernel.signer()},
      store_{kernel.store()},
      secrets_{kernel.secrets()},
      log_{kernel.log()},
      dial_{make_dial(kernel)},
      wake_{kernel.wake()} {}

Result<Bytes> Services::sign_transaction(const Bytes& unsigned_transaction) const {
    return signer_.sign(kAgentKey, kScheme, unsigned_transaction);
}

Result<Address> Services::agent() const {
    const Result<Bytes> point = signer_.public_key(kAgentKey);
    if (!point) return point.failure();
    const Result<crypto::PublicKey> key = crypto::PublicKey::parse(*point);
    if (!key) return key.failure().within("the agent's public key");
    return Address::of(*key);
}

Result<std::optional<Bytes>> Services::get(const std::string& key) const {
    Result<Bytes> value = store_.get(key);
    if (value) return std::optional{std::move(*value)};
    if (value.failure().code == BH_E_NOT_FOUND) return std::optional<Bytes>{};
    return value.failure();
}

Status Services::put(const std::map<std::string, Bytes>& values) const {
    return store_.put(std::vector<std::pair<std::string, Bytes>>{values.begin(), values.end()});
}

Result<std::vector<std::string>> Services::keys(std::string_view prefix) const {
    std::vector<std::string> out;
    std::string next;
    do {
        Result<KeyPage> page = store_.list(prefix, next);
        if (!page) return page.failure();
        out.insert(out.end(), page->keys.begin(), page->keys.end());
        next = page->next;
    } while (!next.empty());
    return out;
}

Result<std::string> Services::secret(const std::string& name) const {
    std::string out;
    const Status status = secrets_.with(name, [&](std::string_view text) -> Status {
        out = text.substr(0, text.find_last_not_of(" \r\n\t") + 1);
        return {};
    });
    if (!status) return status.failure();
    return out;
}

}  // namespace bh::evm
