#include "kernel/trust/signature.hpp"

#include "kernel/trust/tool.hpp"

#include <algorithm>
#include <regex>

namespace bh::trust {
namespace {

constexpr const char* kSshKeygen = "/usr/bin/ssh-keygen";
constexpr std::string_view kRevocationListMagic{"SSHKRL\n\0", 8};  // PROTOCOL.krl of OpenSSH

Failure denied(const char* reason, const std::string& message) { return {BH_E_DENIED, reason, message}; }

// The last line that ssh-keygen complained in, for people.
std::string complaint(const ToolAnswer& answer) {
    std::string text = answer.errors;
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    const auto start = text.rfind('\n');
    text = text.substr(start == std::string::npos ? 0 : start + 1, 200);
    std::replace_if(text.begin(), text.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
    return text.empty() ? "ssh-keygen gives no reason" : text;
}

class Keygen {
public:
    Keygen(const std::string& text, const std::string& signature, const TrustedKeys& trusted)
        : text_{text}, files_{signature, trusted.signers, trusted.revoked} {}

    const std::string signature = tool_file(0), signers = tool_file(1), revoked = tool_file(2);

    // ssh-keygen with these arguments and the text as its input.
    Result<ToolAnswer> run(const std::vector<std::string>& arguments) const {
        ToolCall call;
        call.command = {kSshKeygen};
        call.command.insert(call.command.end(), arguments.begin(), arguments.end());
        call.input = text_;
        call.files = files_;
        auto answer = run_tool(call);
        if (answer && answer->exit_code == 127)
            return Failure{BH_E_UNAVAILABLE, "no_ssh_keygen",
                           std::string{kSshKeygen} + " can't be run; install the package openssh-client"};
        return answer;
    }

private:
    const std::string& text_;
    std::vector<std::string> files_;
};

// Is it a signature over this text, for this purpose, by whatever key? -> "SHA256:..." of the key.
Result<std::string> signing_key(const Keygen& keygen) {
    const auto answer = keygen.run({"-Y", "check-novalidate", "-n", kNamespace, "-s", keygen.signature});
    if (!answer) return answer.failure();
    if (answer->exit_code != 0)
        return denied("bad_signature", "it is no signature of plugin.json as a BlockHost plugin (" +
                                           complaint(*answer) +
                                           "); install the plugin from its publisher again, and do not use this one");
    static const std::regex good{
        R"re(Good "[^"]*" signature with ([A-Za-z0-9-]+) key (SHA256:[A-Za-z0-9+/]{43})\n?)re"};
    std::smatch parts;
    if (!std::regex_match(answer->output, parts, good))
        return denied("bad_signature", "ssh-keygen gives an answer that is not known here; tell BlockHost's authors");
    if (parts[1] != "ED25519")
        return denied("wrong_key_type", "it is made with a key of the type " + parts[1].str() +
                                            "; its publisher must sign with an Ed25519 key");
    return parts[2].str();
}

Result<std::string> publisher_of(const Keygen& keygen, const std::string& key, const TrustedKeys& trusted) {
    const auto answer = keygen.run({"-Y", "find-principals", "-s", keygen.signature, "-f", keygen.signers});
    if (!answer) return answer.failure();
    std::string name = answer->output.substr(0, answer->output.find('\n'));
    const bool plain = !name.empty() && name.size() <= 128 &&
                       std::all_of(name.begin(), name.end(), [](char c) { return c > 0x20 && c < 0x7f; });
    if (answer->exit_code != 0 || !plain)
        return denied("untrusted_key", "it is made with the key " + key + ", which no line of " + trusted.directory +
                                           "/*.signers trusts; if you trust its publisher, add his line there");
    return name;
}

// Why a list of revocations refuses a key that is good without it.
Failure revoked(const Keygen& keygen, const Signer& signer, const TrustedKeys& trusted) {
    const bool list = trusted.revoked.starts_with(kRevocationListMagic);
    const auto shown = list ? keygen.run({"-Q", "-l", "-f", keygen.revoked}) : keygen.run({"-l", "-f", keygen.revoked});
    if (!shown) return shown.failure();
    const std::string path = trusted.directory + "/revoked_keys";
    if (shown->exit_code != 0)
        return denied("bad_revocations", path +
                                             " is neither a key revocation list nor a list of public keys, so no "
                                             "signature counts; correct it");
    return denied("revoked_key", "it is made with the key " + signer.key + " of " + signer.publisher +
                                     ", which is revoked in " + path +
                                     "; install a release that its publisher signed with another key");
}

}  // namespace

Result<Signer> verify_signature(const std::string& text, const std::string& signature, const TrustedKeys& trusted) {
    const Keygen keygen{text, signature, trusted};
    const auto key = signing_key(keygen);
    if (!key) return key.failure();
    const auto publisher = publisher_of(keygen, *key, trusted);
    if (!publisher) return publisher.failure();
    const Signer signer{*publisher, *key};
    const std::vector<std::string> verify{"-Y", "verify",       "-n", kNamespace,      "-I", signer.publisher,
                                          "-f", keygen.signers, "-s", keygen.signature};
    auto strict = verify;
    strict.insert(strict.end(), {"-r", keygen.revoked});
    const auto answer = keygen.run(strict);
    if (!answer) return answer.failure();
    if (answer->exit_code == 0) return signer;
    const auto lenient = keygen.run(verify);
    if (!lenient) return lenient.failure();
    if (lenient->exit_code == 0) return revoked(keygen, signer, trusted);
    return denied("untrusted_key", "the line of " + signer.publisher + " in " + trusted.directory +
                                       "/*.signers does not trust the key " + signer.key + " for the namespace " +
                                       kNamespace + " at this time (" + complaint(*lenient) +
                                       "); correct that line if you trust its publisher");
}

}  // namespace bh::trust
