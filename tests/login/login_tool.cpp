// login-tool: what the login tests need of the host's and the wallet's side. Keys are files of 32 bytes in hex.
//
//   login-tool address KEYFILE                       the wallet's address
//   login-tool statement-key KEYFILE                 0x and the Ed25519 public key
//   login-tool sign KEYFILE [high-s]                 text on stdin -> signature, as personal_sign gives it
//   login-tool statement KEYFILE OWNER SEQUENCE ISSUED EXPIRES [NAME=VALUE...]
//                                                    a signed owner statement for the sample VM; NAME: user scheme vm
//                                                    token
#include "pam/guest/sample_for_test.hpp"

#include <cstdio>
#include <iostream>
#include <iterator>

namespace {

using namespace bh;
using namespace bh::guest;

crypto::Secret read_key(const std::string& path) {
    const Result<std::string> text = read_file(path, 128);
    const Result<Bytes> bytes =
        text ? crypto::parse_hex(std::string_view{*text}.substr(0, text->find('\n'))) : text.failure();
    if (!bytes || bytes->size() != 32) throw std::runtime_error{path + " is not a key of 32 bytes in hex"};
    return crypto::Secret::copy_of(*bytes);
}

std::string make_statement(const std::vector<std::string>& arguments) {
    formats::OwnerStatement statement = sample::statement(std::stoull(arguments.at(3)));
    statement.owner = arguments.at(2);
    statement.issued = std::stoll(arguments.at(4));
    statement.expires = std::stoll(arguments.at(5));
    for (std::size_t i = 6; i < arguments.size(); ++i) {
        const auto equals = arguments[i].find('=');
        const std::string name = arguments[i].substr(0, equals), value = arguments[i].substr(equals + 1);
        if (name == "user")
            statement.user = value;
        else if (name == "scheme")
            statement.scheme = value;
        else if (name == "vm")
            statement.vm = value;
        else if (name == "token")
            statement.token = value;
        else
            throw std::runtime_error{"unknown field " + name};
    }
    const Result<std::string> text = formats::sign_owner_statement(statement, read_key(arguments.at(1)));
    if (!text) throw std::runtime_error{text.failure().message};
    return *text;
}

std::string run(const std::vector<std::string>& arguments) {
    const std::string& command = arguments.at(0);
    if (command == "address") return sample::address_of(read_key(arguments.at(1))) + "\n";
    if (command == "statement-key") return crypto::hex0x(*crypto::ed25519_public_key(read_key(arguments.at(1)))) + "\n";
    if (command == "statement") return make_statement(arguments);
    if (command == "sign") {
        const std::string text{std::istreambuf_iterator<char>{std::cin}, {}};
        const std::string signature = sample::wallet_signature(read_key(arguments.at(1)), text);
        return (arguments.size() > 2 ? sample::high_s_form(signature) : signature) + "\n";
    }
    throw std::runtime_error{"unknown command " + command};
}

}  // namespace

int main(int argc, char** argv) {
    try {
        std::cout << run({argv + 1, argv + argc});
        return 0;
    } catch (const std::exception& error) {
        std::cerr << "login-tool: " << error.what() << "\n";
        return 1;
    }
}
