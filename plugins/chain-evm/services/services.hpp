// The kernel's services as this plugin uses them: one key, one scheme, a few values. Safe on any thread.
#pragma once

#include "plugin-api/sdk/cpp/plugin.hpp"
#include "plugins/chain-evm/abi/types.hpp"
#include "plugins/chain-evm/rpc/dial.hpp"

#include <map>

namespace bh::evm {

class Services {
public:
    explicit Services(const sdk::Kernel& kernel);

    // Signs what the scheme "eip1559-tx" takes, with the agent's key.
    [[nodiscard]] Result<Bytes> sign_transaction(const Bytes& unsigned_transaction) const;
    [[nodiscard]] Result<Address> agent() const;

    // nullopt: no such key.
    [[nodiscard]] Result<std::optional<Bytes>> get(const std::string& key) const;
    // All or none; an empty value removes its key.
    [[nodiscard]] Status put(const std::map<std::string, Bytes>& values) const;
    [[nodiscard]] Result<std::vector<std::string>> keys(std::string_view prefix) const;

    // The text of a secret, without the newline that files end with. The caller wipes it.
    [[nodiscard]] Result<std::string> secret(const std::string& name) const;

    // How this instance opens connections.
    [[nodiscard]] const Dial& dial() const { return dial_; }

    // There is a new block: poll() is called as soon as may be.
    void wake() const { wake_.poll_now(); }

    void log(std::uint32_t level, std::string_view text) const { log_.write(level, text); }

private:
    sdk::Signer signer_;
    sdk::Store store_;
    sdk::Secrets secrets_;
    sdk::Log log_;
    Dial dial_;
    sdk::Wake wake_;
};

}  // namespace bh::evm
