#include "kernel/signer/keyring.hpp"

#include "kernel/signer/key_file.hpp"
#include "plugin-api/crypto/digest.hpp"

#include <sys/stat.h>

namespace blockhost::signer {

namespace {

bh::Result<Keyring::Point> read_point(const std::string& path, const std::string& name) {
    auto secret = read_key_file(path, name);
    if (!secret) return secret.failure();
    const auto key = bh::crypto::PublicKey::of(*secret);
    if (!key) return key.failure().within("keys." + name + ": " + path);
    return Keyring::Point{std::move(*secret), *key, bh::crypto::Address::of(*key)};
}

bool is_there(const std::string& path) {
    struct stat info{};
    return ::lstat(path.c_str(), &info) == 0;
}

}  // namespace

bh::Result<Keyring> read_keyring(const SignerConfig::Keys& files) {
    auto agent = read_point(files.agent, "agent");
    if (!agent) return agent.failure();
    auto server = read_point(files.server, "server");
    if (!server) return server.failure();
    auto seed = read_key_file(files.statement, "statement");
    if (!seed) return seed.failure();
    const auto statement_public = bh::crypto::ed25519_public_key(*seed);
    if (!statement_public) return statement_public.failure();
    if (bh::crypto::equal(agent->secret.view(), server->secret.view()) ||
        bh::crypto::equal(agent->secret.view(), seed->view()) ||
        bh::crypto::equal(server->secret.view(), seed->view())) {
        return bh::Failure{BH_E_DENIED, "key_file",
                           "two of the key files hold the same key: make one of its own for each"};
    }
    return Keyring{std::move(*agent), std::move(*server), std::move(*seed), *statement_public};
}

bh::Result<std::vector<std::string>> create_missing_keys(const SignerConfig::Keys& files) {
    std::vector<std::string> made;
    const auto create = [&made](const char* name, const std::string& path, auto fresh) -> bh::Status {
        if (is_there(path)) return {};
        if (auto done = create_key_file(path, fresh()); !done) return done.failure();
        made.emplace_back(name);
        return {};
    };
    if (auto done = create("agent", files.agent, bh::crypto::new_secret_key); !done) return done.failure();
    if (auto done = create("server", files.server, bh::crypto::new_secret_key); !done) return done.failure();
    const auto seed = [] { return bh::crypto::random_secret(bh::crypto::kEd25519SeedSize); };
    if (auto done = create("statement", files.statement, seed); !done) return done.failure();
    return made;
}

}  // namespace blockhost::signer
