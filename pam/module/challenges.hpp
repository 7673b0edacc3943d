// The login texts shown since boot, kept so that a signature over an older one can be told from a foreign one and
// so that none is ever good twice. Bounded: the oldest are forgotten; what is forgotten is refused all the same, only
// with a less exact sentence. Shared by all login attempts through one file under a lock.
#pragma once

#include "pam/guest/places.hpp"
#include "plugin-api/crypto/address.hpp"

#include <optional>

namespace bh::guest {

inline constexpr std::size_t kRememberedChallenges = 128;

enum class Shown {
    kUnused,  // shown, not answered with a good signature
    kUsed     // a login was made with it
};

class Challenges {
public:
    explicit Challenges(const Places& places) : places_{places} {}

    Status remember(const crypto::Hash256& digest);
    // False if it was used before.
    Result<bool> use(const crypto::Hash256& digest);
    // Whether `signature` is one by `address` over a text shown before.
    Result<std::optional<Shown>> find(const crypto::Signature& signature, const crypto::Address& address) const;

private:
    const Places& places_;
};

}  // namespace bh::guest
