// What the person at the ssh client reads. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace bh::guest {

// The text between these two lines, without the last LF, is what the wallet signs.
inline constexpr std::string_view kBeginText = "-----BEGIN LOGIN TEXT-----";
inline constexpr std::string_view kEndText = "-----END LOGIN TEXT-----";

// `reason`: why the last try was refused, "" at the first. `tries_left` counts this one.
std::string login_prompt(std::string_view challenge, std::string_view reason, int tries_left);
// Nothing to sign; Enter ends the connection. OpenSSH shows a prompt, but may drop a text without one.
std::string refusal_prompt(std::string_view reason);

}  // namespace bh::guest
