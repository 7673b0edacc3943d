#include "kernel/cli/seal_commands.hpp"

#include "kernel/cli/answer.hpp"
#include "kernel/cli/secret_input.hpp"
#include "kernel/cli/show.hpp"
#include "kernel/seal/recipient_key.hpp"
#include "kernel/seal/seal.hpp"
#include "kernel/seal/seal1.hpp"
#include "kernel/seal/seal2.hpp"
#include "plugin-api/crypto/digest.hpp"

#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>

namespace bh::cli {
namespace {

using crypto::hex0x;
using crypto::Secret;
using nlohmann::json;
using Command = std::function<int(const Context&)>;

constexpr const char* kSeal1 = "seal-1";

struct Given {
    std::string format = "seal-2";
    std::string chain, contract, buyer, owner, subscription;  // what a seal is bound to
    std::string server_key, recipient;                        // public keys, hex
    std::string key, signature, details, sealed = "-";        // files, or - for the standard input
    std::string seal_text = "blockhost-access", out;

    [[nodiscard]] bool first() const { return format == kSeal1; }
    [[nodiscard]] seal::RequestContext request() const { return {chain, contract, buyer}; }
    [[nodiscard]] seal::CredentialContext credential() const { return {chain, contract, subscription, owner}; }
};

// What the format needs and was not given.
Status need(std::initializer_list<std::pair<const char*, const std::string*>> options, const Given& given) {
    for (const auto& [name, value] : options) {
        if (value->empty()) return invalid("missing_option", std::string{name} + " is needed for " + given.format);
    }
    // Two inputs can't both come in by the one standard input.
    const int standard = (given.key == "-") + (given.signature == "-") + (given.details == "-") + (given.sealed == "-");
    if (standard > 1) {
        return invalid("two_inputs",
                       "only one of --key, --signature, --details and --sealed can be -, the standard "
                       "input: put the others into files");
    }
    return {};
}

// The buyer's signature of seal-1; its last byte as the format has it.
Result<Secret> signature1(const Given& given) {
    auto signature = read_hex(given.signature, true, "--signature");
    if (signature && signature->size() == seal::kSeal1SignatureSize && signature->data()[64] < 2)
        signature->data()[64] = static_cast<std::uint8_t>(signature->data()[64] + 27);
    return signature;
}

// The recipient's secret key: of a file, or what a wallet's signature makes.
Result<Secret> recipient_secret(const Given& given) {
    if (given.signature.empty()) {
        auto key = read_hex(given.key, true, "--key");
        if (key && key->size() != crypto::kSecretKeySize) return invalid("bad_key", "--key: a secret key has 32 bytes");
        return key;
    }
    const auto server = public_key(given.server_key, "--server-key");
    if (!server) return server.failure();
    auto signature = read_hex(given.signature, true, "--signature");
    if (!signature) return signature;
    return seal::recipient_key({given.chain, given.contract, given.owner, *server}, *signature);
}

int finish(const Context& context, const Result<Bytes>& sealed, const Given& given) {
    if (!sealed) return report(context, sealed.failure());
    return show(context, Result<json>{json{{"format", given.format}, {"sealed", hex0x(*sealed)}}},
                [](const json& shown) { std::cout << shown.at("sealed").get<std::string>() << '\n'; });
}

int seal_key(const Context& context, Given given) {
    given.sealed.clear();
    const auto made = [&]() -> Result<Secret> {
        if (given.signature.empty()) {
            if (auto fine = need({{"--out", &given.out}}, given); !fine) return fine.failure();
            return crypto::new_secret_key();
        }
        if (auto fine = need({{"--chain", &given.chain},
                              {"--contract", &given.contract},
                              {"--owner", &given.owner},
                              {"--server-key", &given.server_key}},
                             given);
            !fine)
            return fine.failure();
        return recipient_secret(given);
    }();
    if (!made) return report(context, made.failure());
    const auto point = crypto::PublicKey::of(*made);
    if (!point) return report(context, point.failure());
    if (!given.out.empty()) {
        std::string text = crypto::hex(made->view()) + "\n";
        const Status written = write_secret(given.out, crypto::bytes_of(text));
        crypto::wipe(text);
        if (!written) return report(context, written.failure());
    }
    return show(context, Result<json>{json{{"public_key", hex0x(point->compressed())}, {"file", given.out}}},
                [](const json& shown) { std::cout << shown.at("public_key").get<std::string>() << '\n'; });
}

int seal_request(const Context& context, Given given) {
    given.sealed.clear();
    const auto sealed = [&]() -> Result<Bytes> {
        const auto server = public_key(given.server_key, "--server-key");
        if (!server) return server.failure();
        if (given.first()) {
            if (auto fine = need({{"--signature", &given.signature}, {"--buyer", &given.buyer}}, given); !fine)
                return fine.failure();
            const auto signature = signature1(given);
            if (!signature) return signature.failure();
            if (auto ok = seal::check_signature1(*signature, given.seal_text, given.buyer); !ok) return ok.failure();
            return seal::seal_request1(*server, *signature, crypto::new_secret_key(),
                                       crypto::random_bytes(crypto::kAeadNonceSize));
        }
        if (auto fine = need({{"--chain", &given.chain},
                              {"--contract", &given.contract},
                              {"--buyer", &given.buyer},
                              {"--recipient", &given.recipient}},
                             given);
            !fine)
            return fine.failure();
        const auto recipient = public_key(given.recipient, "--recipient");
        if (!recipient) return recipient.failure();
        return seal::seal_request2(*server, given.request(), *recipient, crypto::new_secret_key());
    }();
    return finish(context, sealed, given);
}

int seal_credential(const Context& context, Given given) {
    given.sealed.clear();
    const auto sealed = [&]() -> Result<Bytes> {
        if (auto fine = given.first() ? need({{"--signature", &given.signature}}, given)
                                      : need({{"--chain", &given.chain},
                                              {"--contract", &given.contract},
                                              {"--subscription", &given.subscription},
                                              {"--owner", &given.owner},
                                              {"--recipient", &given.recipient}},
                                             given);
            !fine)
            return fine.failure();
        const auto content = read_input(given.details, false);
        if (!content) return content.failure().within("--details");
        const auto details = seal::parse_details(content->view());
        if (!details) return details.failure();
        if (given.first()) {
            const auto signature = signature1(given);
            if (!signature) return signature.failure();
            return seal::seal_credential1(*signature, *details, crypto::random_bytes(crypto::kAeadNonceSize));
        }
        const auto recipient = public_key(given.recipient, "--recipient");
        if (!recipient) return recipient.failure();
        return seal::seal_credential2(*recipient, given.credential(), *details, crypto::new_secret_key());
    }();
    return finish(context, sealed, given);
}

int open_credential(const Context& context, const Given& given) {
    const auto opened = [&]() -> Result<seal::ConnectionDetails> {
        if (given.first()) {
            if (auto fine = need({{"--signature", &given.signature}}, given); !fine) return fine.failure();
            const auto signature = signature1(given);
            if (!signature) return signature.failure();
            const auto sealed = read_hex(given.sealed, false, "--sealed");
            if (!sealed) return sealed.failure();
            return seal::open_credential1(*signature, sealed->view());
        }
        const std::string& opener = given.signature.empty() ? given.key : given.signature;
        const std::string& needs_server = given.signature.empty() ? opener : given.server_key;
        if (auto fine = need({{"--chain", &given.chain},
                              {"--contract", &given.contract},
                              {"--subscription", &given.subscription},
                              {"--owner", &given.owner},
                              {"--key or --signature", &opener},
                              {"--server-key", &needs_server}},
                             given);
            !fine)
            return fine.failure();
        const auto secret = recipient_secret(given);
        if (!secret) return secret.failure();
        const auto sealed = read_hex(given.sealed, false, "--sealed");
        if (!sealed) return sealed.failure();
        return seal::open_credential2(*secret, given.credential(), sealed->view());
    }();
    if (!opened) return report(context, opened.failure());
    json shown{{"hostname", opened->hostname}, {"port", opened->port}};
    if (opened->username.empty()) shown["type"] = "admin";
    if (!opened->username.empty()) shown["username"] = opened->username;
    if (!opened->host_key.empty()) shown["host_key"] = opened->host_key;
    return show(context, Result<json>{std::move(shown)}, [](const json& answer) {
        for (const auto& [field, value] : answer.items())
            std::cout << field << std::string(10 - field.size(), ' ') << cell(answer, field.c_str()) << '\n';
    });
}

// The server key stays in the signer: the daemon asks it, and writes down that an operator did.
int open_request(const Context& context, const Given& given) {
    if (auto fine =
            need({{"--chain", &given.chain}, {"--contract", &given.contract}, {"--buyer", &given.buyer}}, given);
        !fine)
        return report(context, fine.failure());
    const auto sealed = read_hex(given.sealed, false, "--sealed");
    if (!sealed) return report(context, sealed.failure());
    auto answer = context.api.post("/v1/open-request", {{"chain", given.chain},
                                                        {"contract", given.contract},
                                                        {"buyer", given.buyer},
                                                        {"sealed", hex0x(sealed->view())}});
    if (!answer) return report(context, answer.failure());
    // What opens a buyer's credential is shown nowhere: it goes to a file that only its owner can read.
    if (const auto secret = answer->find("signature"); secret != answer->end()) {
        auto text = secret->get<std::string>() + "\n";
        crypto::wipe(secret->get_ref<std::string&>());
        answer->erase("signature");
        Status written;
        if (!given.out.empty()) written = write_secret(given.out, crypto::bytes_of(text));
        crypto::wipe(text);
        if (!written) return report(context, written.failure());
    }
    return show(context, answer, [&](const json& shown) {
        std::cout << "format     " << cell(shown, "format") << '\n';
        if (shown.contains("recipient")) std::cout << "recipient  " << cell(shown, "recipient") << '\n';
        if (!shown.contains("recipient")) {
            std::cout << "signature  the buyer's"
                      << (given.out.empty() ? ": --out FILE writes it down" : ", in " + given.out) << '\n';
        }
    });
}

}  // namespace

void add_seal_commands(CLI::App& app, Command& chosen, bool& standalone) {
    const auto given = std::make_shared<Given>();
    const auto group = [&app](const char* name, const char* help) {
        CLI::App* made = app.add_subcommand(name, help);
        made->require_subcommand(1);
        return made;
    };
    const auto add = [&chosen, given](CLI::App& parent, const char* name, const char* help, auto run) {
        CLI::App* command = parent.add_subcommand(name, help);
        command->callback(
            [&chosen, given, run] { chosen = [given, run](const Context& c) { return run(c, *given); }; });
        return command;
    };
    CLI::App& sealing = *group("seal", "Seal requests and connection details by hand");
    auto* key = add(sealing, "key", "A new recipient key, or the one that a wallet's signature makes", seal_key);
    auto* request = add(sealing, "request", "What a purchase carries, sealed to a server key", seal_request);
    auto* credential = add(sealing, "credential", "Connection details, sealed to a recipient", seal_credential);
    CLI::App& opening = *group("open", "Open what was sealed, by hand");
    auto* opened = add(opening, "credential", "The connection details in a credential", open_credential);
    auto* asked =
        add(opening, "request", "What a purchase carries: by the signer, which has the server key", open_request);

    const auto option = [&](std::initializer_list<CLI::App*> commands, const char* name, std::string& value,
                            const char* help, bool required = false) {
        for (CLI::App* command : commands) command->add_option(name, value, help)->required(required);
    };
    for (CLI::App* command : {request, credential, opened}) {
        command->add_option("--format", given->format, "seal-2, or seal-1 of older purchases")
            ->check(CLI::IsMember({"seal-1", "seal-2"}));
    }
    option({key, request, credential, opened, asked}, "--chain", given->chain, "The chain, such as eip155:1");
    option({key, request, credential, opened, asked}, "--contract", given->contract, "The subscription contract");
    option({request, asked}, "--buyer", given->buyer, "Who gets the credential: recipient of the purchase");
    option({credential, opened}, "--subscription", given->subscription, "Number of the subscription");
    option({key, credential, opened}, "--owner", given->owner, "The wallet that the credential is for");
    option({request}, "--server-key", given->server_key, "The host's server key, hex", true);
    option({key, opened}, "--server-key", given->server_key, "With --signature: the host's server key, hex");
    option({request, credential}, "--recipient", given->recipient, "seal-2: the recipient's public key, hex");
    option({opened}, "--key", given->key, "seal-2: file with the recipient's secret key, or -");
    option({key, opened}, "--signature", given->signature,
           "File with the wallet's signature, or -: of seal-2's typed data, or the one that seal-1 is sealed with");
    option({request, credential}, "--signature", given->signature, "seal-1: file with the buyer's signature, or -");
    option({request}, "--seal-text", given->seal_text, "seal-1: what the buyer signed");
    option({credential}, "--details", given->details, "File with the details as JSON, or -", true);
    option({opened, asked}, "--sealed", given->sealed, "File with the sealed bytes, raw or hex; default: -");
    option({key}, "--out", given->out, "New file for the secret key");
    option({asked}, "--out", given->out, "seal-1: new file for the buyer's signature");
    for (CLI::App* command : {key, request, credential, opened})
        command->preparse_callback([&standalone](std::size_t) { standalone = true; });
}

}  // namespace bh::cli
