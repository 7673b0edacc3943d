#include "kernel/signer/keyring.hpp"

#include "kernel/signer/key_file.hpp"
#include "plugin-api/crypto/digest.hpp"

#include <sys/stat.h>

namespace bh::signer {

namespace {

Result<Keyring::Point> read_point(const std::string& path, const std::string& name) {
    auto secret = read_key_file(path, name);
    if (!secret) return secret.failure();
    const auto key = crypto::PublicKey::of(*secret);
    if (!key) return key.failure().within("keys." + name + ": " + path);
    return Keyring::Point{std::move(*secret), *key, crypto::Address::of(*key)};
}

bool is_there(const std::string& path) {
    struct stat info{};
    return ::lstat(path.c_str(), &info) == 0;
}

}  // namespace

Result<Keyring> read_keyring(const SignerConfig::Keys& files) {
    auto agent = read_point(files.agent, "agent");
    if (!agent) return agent.failure();
    auto server = read_point(files.server, "server");
    if (!server) return server.failure();
    auto seed = read_key_file(files.statement, "statement");
    if (!seed) return seed.failure();
    const auto statement_public = crypto::ed25519_public_key(*seed);
    if (!statement_public) return statement_public.failure();
    if (crypto::equal(agent->secret.view(), server->secret.view()) ||
        crypto::equal(agent->secret.view(), seed->view()) || crypto::equal(server->secret.view(), seed->view())) {
        return Failure{BH_E_DENIED, "key_file", "two of the key files hold the same key: make one of its own for each"};
    }
    Keyring keyring{std::move(*agent), std::move(*server), std::move(*seed), *statement_public};
    for (const auto& [scheme, path] : files.codecs) {
        auto point = read_point(path, scheme);
        if (!point) return point.failure();
        bool same = crypto::equal(point->secret.view(), keyring.agent.secret.view()) ||
                    crypto::equal(point->secret.view(), keyring.server.secret.view()) ||
                    crypto::equal(point->secret.view(), keyring.statement_seed.view());
        for (const auto& [other, key] : keyring.codecs)
            same = same || crypto::equal(point->secret.view(), key.secret.view());
        if (same) {
            return Failure{
                BH_E_DENIED, "key_file",
                "the key file of the codec " + scheme + " holds a key of another purpose: make one of its own"};
        }
        keyring.codecs.emplace(scheme, std::move(*point));
    }
    return keyring;
}

Result<std::vector<std::string>> create_missing_keys(const SignerConfig::Keys& files) {
    std::vector<std::string> made;
    const auto create = [&made](const char* name, const std::string& path, auto fresh) -> Status {
        if (is_there(path)) return {};
        if (auto done = create_key_file(path, fresh()); !done) return done.failure();
        made.emplace_back(name);
        return {};
    };
    if (auto done = create("agent", files.agent, crypto::new_secret_key); !done) return done.failure();
    if (auto done = create("server", files.server, crypto::new_secret_key); !done) return done.failure();
    const auto seed = [] { return crypto::random_secret(crypto::kEd25519SeedSize); };
    if (auto done = create("statement", files.statement, seed); !done) return done.failure();
    for (const auto& [scheme, path] : files.codecs) {
        if (auto done = create(scheme.c_str(), path, crypto::new_secret_key); !done) return done.failure();
    }
    return made;
}

}  // namespace bh::signer
