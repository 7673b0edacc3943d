// One login: what must hold before a text is shown, the text, and the verdict on what was pasted. Knows nothing of PAM.
// Every refusal is a Failure whose message is a sentence for the person who logs in. Never keeps or logs a signature.
#pragma once

#include "pam/guest/statements.hpp"
#include "pam/module/challenges.hpp"
#include "plugin-api/formats/login_challenge.hpp"

namespace bh::guest {

inline constexpr std::int64_t kChallengeSeconds = 300;  // as LoginGraceTime
// 0x and 130 digits are 132; what is longer is not a signature, whatever is in it.
inline constexpr std::size_t kMaxAnswer = 160;

class Login {
public:
    // Reads the disk. BH_E_DENIED etc. with the reasons no_first_boot, no_statement, bad_statement, statement_expired,
    // unknown_scheme, wrong_user, no_host_key.
    static Result<Login> begin(const Places& places, std::string_view user, std::string_view client, std::int64_t now,
                               std::int64_t grace);

    // A new text with a new nonce; the one before it is void.
    Result<std::string> new_challenge(std::int64_t now);

    // OK once, if the answer is the signature asked for over the text shown last. Reasons: empty, too_long, not_hex,
    // bad_signature, high_s, expired, replayed, old, wrong_signature.
    Status judge(std::string_view answer, std::int64_t now);

    [[nodiscard]] std::string address() const { return challenge_.address.text(); }
    [[nodiscard]] const std::string& vm() const { return challenge_.vm; }

private:
    explicit Login(const Places& places) : places_{&places} {}
    Status judge_signature(const crypto::Signature& signature, std::int64_t now);

    const Places* places_;
    formats::LoginChallenge challenge_;
    crypto::Hash256 digest_{};
    bool shown_ = false;  // a text that has not been answered yet
    std::int64_t clock_lead_ = 0;
};

}  // namespace bh::guest
