// Bounds of the arguments that the signer's verbs take, for both ends of the socket.
#pragma once

#include <cstddef>

namespace bh::signer {

inline constexpr std::size_t kMaxPayload = std::size_t{64} * 1024;  // bytes of a transaction, message or sealed request
inline constexpr std::size_t kMaxNameArg = 64;                      // keys, schemes, formats, plugin instances
inline constexpr std::size_t kMaxTextArg = 256;                     // every other text

}  // namespace bh::signer
