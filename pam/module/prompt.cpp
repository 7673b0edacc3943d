#include "pam/module/prompt.hpp"

namespace bh::guest {

std::string login_prompt(std::string_view challenge, std::string_view reason, int tries_left) {
    std::string prompt = "\n";
    if (!reason.empty()) {
        prompt.append("Refused: ").append(reason).append("\n");
        prompt.append(tries_left == 1 ? "This is the last try.\n\n" : "\n");
    }
    prompt.append("Sign the text between the two lines with your wallet (personal_sign), then paste the signature.\n");
    prompt.append(kBeginText).append("\n");
    prompt.append(challenge).append("\n");
    prompt.append(kEndText).append("\n");
    return prompt.append("Signature: ");
}

std::string refusal_prompt(std::string_view reason) {
    return std::string{"\nRefused: "}.append(reason).append("\nPress Enter to end: ");
}

}  // namespace bh::guest
