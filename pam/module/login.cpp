#include "pam/module/login.hpp"

#include "pam/guest/files.hpp"
#include "pam/guest/host_key.hpp"
#include "plugin-api/crypto/digest.hpp"
#include "plugin-api/formats/rules.hpp"
#include "plugin-api/formats/utc.hpp"

#include <algorithm>

namespace bh::guest {
namespace {

constexpr std::int64_t kBackwardSeconds = 60;  // how far a clock that is being set right may step back

Failure denied(std::string reason, std::string message) { return {BH_E_DENIED, std::move(reason), std::move(message)}; }

std::string utc(std::int64_t seconds) {
    const Result<std::string> text = formats::utc_text(seconds);
    return text ? *text : std::to_string(seconds);
}

Result<formats::OwnerStatement> usable_statement(const Places& places, const FirstBoot& anchors) {
    Result<formats::OwnerStatement> statement = load_statement(places, anchors);
    if (statement) return statement;
    if (statement.failure().code == BH_E_NOT_FOUND) {
        return denied("no_statement",
                      "This VM has not been told by its host who owns it. That happens when the delivery is final on "
                      "the chain; try again in a minute.");
    }
    return denied(
        "bad_statement",
        "What this VM has stored about its owner is damaged. It is replaced when its host renews it, within minutes.");
}

Status still_counts(const formats::OwnerStatement& statement, std::int64_t now, std::int64_t grace) {
    if (now <= statement.expires + grace) return {};
    return denied("statement_expired",
                  "The last word of this VM's host about the owner ended at " + utc(statement.expires) +
                      " and its grace is over (it is now " + utc(now) +
                      " by this VM's clock). Try again when the host has renewed it, or ask the operator.");
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r\n";
    const auto first = text.find_first_not_of(kSpace);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

Result<crypto::Signature> parse_answer(std::string_view answer) {
    const std::string_view text = trimmed(answer);
    if (text.empty())
        return denied("empty", "Nothing was pasted. Sign the text with your wallet and paste the signature.");
    if (text.size() > kMaxAnswer) {
        return denied("too_long",
                      "What was pasted has " + std::to_string(text.size()) +
                          " characters or more; a signature is 0x and 130 hex digits. Paste the signature alone.");
    }
    const Result<Bytes> bytes = crypto::parse_hex(text);
    if (!bytes)
        return denied("not_hex", "What was pasted is not a signature: it must be 0x and 130 hex digits, nothing else.");
    Result<crypto::Signature> signature = crypto::Signature::parse(*bytes);
    if (signature) return signature;
    if (signature.failure().reason == "high_s") {
        return denied("high_s",
                      "That signature is in its second form (high s), which is refused. Sign again with a wallet that "
                      "follows EIP-2.");
    }
    return denied(
        "bad_signature",
        "What was pasted has " + std::to_string(bytes->size()) +
            " bytes or a wrong last byte; a signature has 65 (or 64). Copy all of it: 0x and 130 hex digits.");
}

}  // namespace

Result<Login> Login::begin(const Places& places, std::string_view user, std::string_view client,
                           std::int64_t system_now, std::int64_t grace) {
    const Result<FirstBoot> anchors = load_first_boot(places);
    if (!anchors) return denied("no_first_boot", "This VM's first boot is not complete. Try again in a minute.");
    if (user != anchors->login_user)
        return denied("wrong_user", "Log in as the user that your credential names; no other can.");
    const Result<formats::OwnerStatement> statement = usable_statement(places, *anchors);
    if (!statement) return statement.failure();
    const std::int64_t now = latest_time(places, *statement, system_now);
    if (const Status counts = still_counts(*statement, now, grace); !counts) return counts.failure();
    if (statement->scheme != "eip191") {
        return denied("unknown_scheme", "The owner's account signs in a way that this VM does not know (" +
                                            statement->scheme +
                                            "). Transfer the credential to an ordinary wallet, or ask the operator.");
    }
    const std::string& signer = statement->user.empty() ? statement->owner : statement->user;
    const Result<crypto::Address> address = crypto::Address::parse(signer);
    const Result<std::uint64_t> chain = formats::eip155_chain_id(statement->chain);
    if (!address || address->is_zero() || !chain) {
        return denied("bad_statement", "What this VM has stored about its owner names no account that can sign.");
    }
    const Result<std::string> key_file = read_file(places.host_key, 4096);
    const Result<std::string> line = key_file ? host_key_line(*key_file) : key_file;
    const Result<std::string> fingerprint = line ? host_key_fingerprint(*line) : line;
    if (!fingerprint)
        return denied("no_host_key", "This VM cannot read its own SSH host key. Ask the operator for the console.");

    Login login{places};
    login.challenge_.vm = anchors->vm;
    login.challenge_.address = *address;
    login.challenge_.user = user;
    login.challenge_.chain_id = *chain;
    login.challenge_.host_key = *fingerprint;
    login.challenge_.client = client.empty() ? "unknown" : std::string{client};
    login.clock_lead_ = now - system_now;
    return login;
}

Result<std::string> Login::new_challenge(std::int64_t system_now) {
    shown_ = false;
    const Bytes nonce = crypto::random_bytes(challenge_.nonce.size());
    std::ranges::copy(nonce, challenge_.nonce.begin());
    challenge_.issued = system_now + clock_lead_;
    challenge_.expires = challenge_.issued + kChallengeSeconds;
    Result<std::string> text = formats::login_challenge_text(challenge_);
    if (!text) return text;
    digest_ = formats::login_challenge_digest(*text);
    if (const Status kept = Challenges{*places_}.remember(digest_); !kept) {
        return denied("no_memory", "This VM cannot remember the text that you would sign (" + kept.failure().message +
                                       "). Ask the operator for the console.");
    }
    shown_ = true;
    return text;
}

Status Login::judge(std::string_view answer, std::int64_t system_now) {
    if (!shown_) return denied("old", "There is no text to sign any more. Connect again.");
    shown_ = false;
    const Result<crypto::Signature> signature = parse_answer(answer);
    if (!signature) return signature.failure();
    return judge_signature(*signature, system_now + clock_lead_);
}

Status Login::judge_signature(const crypto::Signature& signature, std::int64_t now) {
    Challenges challenges{*places_};
    const Result<crypto::PublicKey> key = crypto::recover(signature, digest_);
    if (key && crypto::Address::of(*key) == challenge_.address) {
        if (now > challenge_.expires || now < challenge_.issued - kBackwardSeconds) {
            return denied("expired",
                          "The text that was signed counted until " + utc(challenge_.expires) + ". Sign the new one.");
        }
        const Result<bool> first = challenges.use(digest_);
        if (first && *first) return {};
        return denied("replayed", "That signature has been used already. Sign the text that is shown now.");
    }
    const Result<std::optional<Shown>> earlier = challenges.find(signature, challenge_.address);
    if (earlier && *earlier == Shown::kUsed) {
        return denied(
            "replayed",
            "That signature has logged in once already, and each counts once. Sign the text that is shown now.");
    }
    if (earlier && *earlier == Shown::kUnused) {
        return denied("old", "That signature is for an older text of this VM. Sign the text that is shown now.");
    }
    // Which text was signed can't be seen in a signature: over any other text it recovers to an account that nobody
    // has. So the account is shown, and whether they know it tells the person what went wrong.
    const std::string other_text =
        "it is over another text, such as the one of another VM, or over this one changed on the way: sign exactly "
        "what is shown now, from the line that begins with " +
        challenge_.vm + ".";
    if (!key) return denied("wrong_signature", "That signature is not over this text: " + other_text);
    return denied("wrong_signature", "Over this text, that signature is by " + crypto::Address::of(*key).text() +
                                         "; the one asked for is " + challenge_.address.text() +
                                         ". If the first is a wallet of yours, sign with the second. If you do not "
                                         "know the first, " +
                                         other_text);
}

}  // namespace bh::guest
