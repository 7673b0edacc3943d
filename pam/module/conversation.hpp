// The PAM conversation: the one place that calls pam_conv. Belongs to one pam_handle_t and its thread.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <security/pam_modules.h>

#include <string>

namespace bh::guest {

class Conversation {
public:
    explicit Conversation(pam_handle_t* handle) : handle_{handle} {}

    // PROMPT_ECHO_ON, not TEXT_INFO: OpenSSH holds TEXT_INFO back until there is a prompt. BH_E_UNAVAILABLE
    // "no_conversation".
    Result<std::string> ask(const std::string& prompt) const;
    // A last word; whether the client shows it is up to the application.
    void tell(const std::string& text) const;
    // PAM_USER, PAM_RHOST: "" if unset.
    [[nodiscard]] std::string item(int type) const;

private:
    Result<std::string> converse(int style, const std::string& text) const;
    pam_handle_t* handle_;
};

}  // namespace bh::guest
