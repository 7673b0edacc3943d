#include "pam/module/conversation.hpp"

#include <openssl/crypto.h>

#include <cstdlib>
#include <cstring>

namespace bh::guest {

Result<std::string> Conversation::ask(const std::string& prompt) const { return converse(PAM_PROMPT_ECHO_ON, prompt); }

void Conversation::tell(const std::string& text) const { static_cast<void>(converse(PAM_ERROR_MSG, text)); }

std::string Conversation::item(int type) const {
    const void* value = nullptr;
    if (pam_get_item(handle_, type, &value) != PAM_SUCCESS || value == nullptr) return {};
    return static_cast<const char*>(value);
}

Result<std::string> Conversation::converse(int style, const std::string& text) const {
    const Failure failure{BH_E_UNAVAILABLE, "no_conversation", "the application has no conversation"};
    const void* item = nullptr;
    if (pam_get_item(handle_, PAM_CONV, &item) != PAM_SUCCESS || item == nullptr) return failure;
    const auto* conv = static_cast<const pam_conv*>(item);
    if (conv->conv == nullptr) return failure;
    const pam_message message{style, text.c_str()};
    const pam_message* messages = &message;
    pam_response* responses = nullptr;
    if (conv->conv(1, &messages, &responses, conv->appdata_ptr) != PAM_SUCCESS || responses == nullptr) return failure;
    std::string answer;
    if (char* const given = responses->resp; given != nullptr) {
        answer = given;
        OPENSSL_cleanse(given, std::strlen(given));
        std::free(given);
    }
    std::free(responses);
    return answer;
}

}  // namespace bh::guest
