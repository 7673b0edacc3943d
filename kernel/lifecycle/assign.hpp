// Which address of a delegated prefix a VM gets, and the names that follow from its op_id. Pure.
#pragma once

#include "kernel/journal/rows.hpp"
#include "plugin-api/documents/result.hpp"

#include <array>
#include <functional>
#include <memory>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace bh::life {

// The first address of the prefix, from a start that depends on `seed` (so that few are tried), for which `taken` is
// false. Skipped: the lowest 16 (the router's anycast, the host's own), the delegation's reserved ones.
// BH_E_EXHAUSTED: none is free. BH_E_INVALID: the prefix is not one, or longer than /124.
Result<std::string> choose_address(const DelegationRow& delegation, const std::string& seed,
                                   const std::function<bool(const std::string&)>& taken);

// Canonical text of an IPv6 address; nothing if it is none.
std::optional<std::string> canonical_address(const std::string& text);

// IPv6 addresses by their 128 bits, however each is written.
class AddressSet {
public:
    void add(const std::string& text);  // nothing, if it is none
    [[nodiscard]] bool contains(const std::string& text) const;

private:
    using Bits = std::array<char, 16>;
    struct Hash {
        std::size_t operator()(const Bits& bits) const noexcept {
            return std::hash<std::string_view>{}({bits.data(), bits.size()});
        }
    };
    static std::optional<Bits> bits_of(const std::string& text);
    std::unordered_set<Bits, Hash> all_;
};
using AddressSets = std::vector<std::shared_ptr<const AddressSet>>;  // of several lists; none is changed any more

// Is `address` inside `prefix` ("2001:db8::/64")?
bool prefix_contains(const std::string& prefix, const std::string& address);

std::string vm_name(const std::string& subscription, const std::string& op_id);  // "bh-7-3fa91c"
std::string tap_name(const std::string& op_id);                                  // "bh" + 12 hex
std::string mac_address(const std::string& op_id);                               // "52:54:00:..."

}  // namespace bh::life
