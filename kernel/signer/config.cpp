#include "kernel/signer/config.hpp"

#include "kernel/config/yaml.hpp"
#include "kernel/ipc/args.hpp"
#include "kernel/ipc/daemon.hpp"
#include "kernel/seal/seal.hpp"
#include "kernel/signer/intent.hpp"
#include "plugin-api/formats/rules.hpp"

#include <algorithm>

namespace bh::signer {

namespace {

using nlohmann::json;

constexpr std::size_t kMaxPath = 255;
constexpr std::size_t kMaxSocketPath = 107;
constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMaxList = 64;
constexpr std::size_t kMaxText = 256;
constexpr std::int64_t kMaxGas = 1'000'000'000;
constexpr std::int64_t kMaxStatementLifetime = std::int64_t{7} * 86400;
constexpr std::int64_t kStatementLifetime = 3600;
constexpr const char* kCodecProgram = "/usr/lib/blockhost/blockhost-codec";

Failure bad(const std::string& key, const std::string& rule) { return invalid("bad_value", "\"" + key + "\" " + rule); }

// A scalar that YAML may give as number or text.
std::string scalar(ipc::Args& args, const json& object, const char* key, std::string_view absent) {
    const auto found = object.find(key);
    if (found != object.end() && found->is_number_integer()) return std::to_string(args.integer(key, 0, INT64_MAX));
    return args.text_or(key, kMaxText, absent);
}

Result<std::string> absolute(ipc::Args& args, const char* key, std::size_t max) {
    std::string path = args.text(key, max);
    if (!path.empty() && path[0] != '/') return bad(args.path(key), "must be an absolute path");
    return path;
}

Status read_accounts(ipc::Args& args, const json& object, SignerConfig& config) {
    const std::string user = scalar(args, object, "user", "");
    const std::string group = scalar(args, object, "group", "");
    if (!user.empty()) {
        const auto id = ipc::user_id(user, "user");
        if (!id) return id.failure();
        config.run_as = *id;
    }
    if (!group.empty()) {
        const auto id = ipc::group_id(group, "group");
        if (!id) return id.failure();
        config.group = *id;
    }
    const auto& peers = args.list_or_empty("peers", kMaxList);
    for (const json& peer : peers) {
        const auto id = ipc::user_id(peer.is_string() ? peer.get<std::string>() : peer.dump(), "peers");
        if (!id) return id.failure();
        config.peers.push_back(*id);
    }
    if (config.peers.empty()) args.refuse("peers", "must list the user that blockhostd runs as");
    return {};
}

Status read_keys(const json& object, SignerConfig& config) {
    ipc::Args args{object, "keys."};
    for (const auto& [name, target] : {std::pair<const char*, std::string*>{"agent", &config.keys.agent},
                                       {"server", &config.keys.server},
                                       {"statement", &config.keys.statement}}) {
        auto path = absolute(args, name, kMaxPath);
        if (!path) return path.failure();
        *target = std::move(*path);
    }
    if (auto fine = args.finish(); !fine) return fine.failure();
    if (config.keys.agent == config.keys.server || config.keys.agent == config.keys.statement ||
        config.keys.server == config.keys.statement) {
        return bad("keys", "must name three different files: one key has one purpose");
    }
    return {};
}

bool is_scheme(std::string_view text) {
    return !text.empty() && text.size() <= kMaxName && text.front() != '-' &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

Result<CodecConfig> read_codec(const json& object, const std::string& where) {
    static const std::vector<std::string> kTaken{"agent",  "server", "statement",  "eip1559-tx",
                                                 "eip191", "eip712", "bh-intent-1"};
    ipc::Args args{object, where};
    CodecConfig codec;
    codec.scheme = args.text("scheme", kMaxName);
    codec.sha256 = args.text("sha256", kMaxName);
    codec.hash = args.text("hash", kMaxName);
    auto plugin = absolute(args, "plugin", kMaxPath);
    if (!plugin) return plugin.failure();
    codec.plugin = std::move(*plugin);
    auto key = absolute(args, "key", kMaxPath);
    if (!key) return key.failure();
    codec.key = std::move(*key);
    if (auto fine = args.finish(); !fine) return fine.failure();
    if (!is_scheme(codec.scheme) || std::find(kTaken.begin(), kTaken.end(), codec.scheme) != kTaken.end())
        return bad(where + "scheme", "must be a name of a-z, 0-9 and - that the signer does not use itself");
    if (codec.sha256.size() != 64 || codec.sha256.find_first_not_of("0123456789abcdef") != std::string::npos)
        return bad(where + "sha256", "must be the 64 lower-case hex digits of the codec's file");
    if (codec.hash != "sha256" && codec.hash != "keccak256" && codec.hash != "sha256d")
        return bad(where + "hash", "must be sha256, keccak256 or sha256d: what the chain hashes with");
    return codec;
}

// What a codec says is believed, so its key is one that signs nothing else.
Status read_codecs(const json& list, SignerConfig& config) {
    const auto& keys = config.keys;
    for (std::size_t i = 0; i < list.size(); ++i) {
        const std::string where = "codecs[" + std::to_string(i) + "].";
        auto codec = read_codec(list[i], where);
        if (!codec) return codec.failure();
        bool shared = codec->key == keys.agent || codec->key == keys.server || codec->key == keys.statement;
        for (const auto& [scheme, key] : keys.codecs) shared = shared || key == codec->key;
        if (shared) return bad(where + "key", "must be a file of its own: one key has one purpose");
        if (!config.keys.codecs.emplace(codec->scheme, codec->key).second)
            return bad(where + "scheme", "is there twice");
        config.codecs.push_back(std::move(*codec));
    }
    return {};
}

Result<ArgumentRule> read_argument(const json& object, const std::string& where, const ChainPolicy::Calls& calls) {
    constexpr std::int64_t kMostWords = 64;
    ipc::Args args{object, where};
    ArgumentRule rule;
    rule.function = args.text("function", kMaxText);
    rule.word = static_cast<std::size_t>(args.integer("word", 0, kMostWords));
    if (object.contains("above")) {
        rule.above = static_cast<std::size_t>(args.integer("above", 0, kMostWords));
        rule.at_most = static_cast<std::uint64_t>(args.integer("at_most", 0, INT64_MAX));
    } else {
        for (const std::string& text : args.texts("one_of", kMaxList, kMaxName)) {
            const auto word = parse_word(text);
            if (!word) args.refuse("one_of", "must list addresses, or decimal numbers in quotes");
            rule.one_of.push_back(word.value_or(Word{}));
        }
    }
    if (auto fine = args.finish(); !fine) return fine.failure();
    const auto known = [&](const FunctionSignature& function) { return function.text == rule.function; };
    if (std::none_of(calls.functions.begin(), calls.functions.end(), known))
        return bad(where + "function", "must be one of functions: a rule for another one would hold for nothing");
    if (!rule.above && rule.one_of.empty()) return bad(where + "one_of", "must list at least one value");
    return rule;
}

Result<ChainPolicy::Calls> read_calls(const json& object, const std::string& where) {
    ipc::Args args{object, where};
    ChainPolicy::Calls calls;
    const std::string to = args.text("to", kMaxText);
    const auto functions = args.texts("functions", kMaxList, kMaxText);
    const auto& arguments = args.list_or_empty("arguments", kMaxList);
    if (auto fine = args.finish(); !fine) return fine.failure();
    const auto address = crypto::Address::parse(to);
    if (!address) return bad(where + "to", address.failure().message);
    calls.to = *address;
    for (const std::string& text : functions) {
        auto function = FunctionSignature::parse(text);
        if (!function) return function.failure().within(where + "functions");
        calls.functions.push_back(std::move(*function));
    }
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        auto rule = read_argument(arguments[i], where + "arguments[" + std::to_string(i) + "].", calls);
        if (!rule) return rule.failure();
        calls.arguments.push_back(std::move(*rule));
    }
    return calls;
}

Result<ChainPolicy> read_chain(const json& object, const std::string& where) {
    ipc::Args args{object, where};
    ChainPolicy policy;
    policy.chain = args.text("chain", kMaxName);
    const std::string contract = args.text("contract", kMaxText);
    const auto& calls = args.list_or_empty("calls", kMaxList);
    policy.max_gas = static_cast<std::uint64_t>(args.integer("max_gas", 21000, kMaxGas));
    const std::string max_fee = scalar(args, object, "max_fee", "");
    if (auto fine = args.finish(); !fine) return fine.failure();
    const auto id = formats::eip155_chain_id(policy.chain);
    if (!id) return bad(where + "chain", "must be eip155: and the chain id in decimal");
    policy.chain_id = *id;
    const auto address = crypto::Address::parse(contract);
    if (!address) return bad(where + "contract", address.failure().message);
    policy.contract = *address;
    const auto fee = parse_wei(max_fee);
    if (!fee || *fee == 0) {
        return bad(where + "max_fee",
                   "must be the most that one transaction may cost, in the coin's smallest unit, decimal");
    }
    policy.max_fee = *fee;
    for (std::size_t i = 0; i < calls.size(); ++i) {
        auto entry = read_calls(calls[i], where + "calls[" + std::to_string(i) + "].");
        if (!entry) return entry.failure();
        policy.calls.push_back(std::move(*entry));
    }
    return policy;
}

Result<IntentPolicy::Calls> read_intent_calls(const json& object, const std::string& where) {
    ipc::Args args{object, where};
    IntentPolicy::Calls calls;
    calls.contract = args.text("contract", kMaxText);
    calls.functions = args.texts("functions", kMaxList, kMaxText);
    const std::string max_value = scalar(args, object, "max_value", "0");
    if (auto fine = args.finish(); !fine) return fine.failure();
    if (!is_plain(calls.contract, kMaxIntentContract)) {
        return bad(where + "contract", "must be 1 to 128 characters without spaces, quotes and backslashes");
    }
    for (const std::string& function : calls.functions) {
        if (!is_plain(function, kMaxIntentFunction)) {
            return bad(where + "functions", "must be names without spaces, quotes and backslashes");
        }
    }
    const auto value = parse_wei(max_value);
    if (!value) return bad(where + "max_value", "must be decimal, in the coin's smallest unit; 0 when it is left out");
    calls.max_value = *value;
    return calls;
}

Result<IntentPolicy> read_intents(const json& object, const std::string& where) {
    ipc::Args args{object, where};
    IntentPolicy policy;
    policy.chain = args.text("chain", kMaxName);
    policy.contract = args.text("contract", kMaxText);
    const auto& calls = args.list_or_empty("calls", kMaxList);
    const std::string max_fee = scalar(args, object, "max_fee", "");
    if (auto fine = args.finish(); !fine) return fine.failure();
    if (!is_caip2(policy.chain)) return bad(where + "chain", "must be a CAIP-2 id: namespace, colon, reference");
    if (!is_plain(policy.contract, kMaxIntentContract)) {
        return bad(where + "contract", "must be 1 to 128 characters without spaces, quotes and backslashes");
    }
    const auto fee = parse_wei(max_fee);
    if (!fee) return bad(where + "max_fee", "must be the most that one intent may cost, decimal");
    policy.max_fee = *fee;
    for (std::size_t i = 0; i < calls.size(); ++i) {
        auto entry = read_intent_calls(calls[i], where + "calls[" + std::to_string(i) + "].");
        if (!entry) return entry.failure();
        policy.calls.push_back(std::move(*entry));
    }
    return policy;
}

Status read_typed_grant(ipc::Args& args, const std::string& where, Grant& grant) {
    grant.chain = args.text("chain", kMaxName);
    grant.name = args.text("name", kMaxText);
    grant.version = args.text("version", kMaxText);
    grant.primary_type = args.text("primary_type", kMaxName);
    const std::string contract = args.text("contract", kMaxText);
    if (auto fine = args.finish(); !fine) return fine.failure();
    const auto address = crypto::Address::parse(contract);
    if (!address) return bad(where + "contract", address.failure().message);
    grant.verifying_contract = *address;
    // Delivery attestations and seal keys are signed under such a domain; a plugin must not reach it.
    if (grant.name.starts_with("BlockHost ")) return bad(where + "name", "must not begin with \"BlockHost \"");
    return {};
}

Result<Grant> read_grant(const json& object, const std::string& where,
                         const std::map<std::string, std::string>& codecs) {
    ipc::Args args{object, where};
    Grant grant;
    grant.caller = args.text("caller", kMaxName);
    grant.scheme = args.text("scheme", kMaxName);
    if (grant.scheme == "eip712") {
        if (auto done = read_typed_grant(args, where, grant); !done) return done.failure();
        return grant;
    }
    if (grant.scheme == "eip1559-tx" || grant.scheme == "bh-intent-1" || codecs.contains(grant.scheme)) {
        grant.chain = args.text("chain", kMaxName);
    } else if (grant.scheme == "eip191") {
        grant.prefix = args.text("prefix", kMaxText);
        if (grant.prefix.size() < 8)
            args.refuse("prefix", "must have at least 8 characters, so that it names a purpose");
    } else {
        args.refuse("scheme", "must be eip1559-tx, eip191, eip712, bh-intent-1, or one of codecs");
    }
    if (auto fine = args.finish(); !fine) return fine.failure();
    return grant;
}

Status read_policy(const json& object, SignerConfig& config) {
    ipc::Args args{object, "policy."};
    const auto& chains = args.list_or_empty("chains", kMaxList);
    const auto& intents = args.list_or_empty("intents", kMaxList);
    const auto& grants = args.list_or_empty("grants", kMaxList);
    config.seals = args.texts("seals", kMaxList, kMaxName);
    config.statement_lifetime_s =
        args.integer_or("statement_lifetime_s", 60, kMaxStatementLifetime, kStatementLifetime);
    if (auto fine = args.finish(); !fine) return fine.failure();
    for (const std::string& format : config.seals) {
        if (format != seal::kSeal1Request && format != seal::kSeal2Request) {
            return bad("policy.seals", "may hold seal-1-request and seal-2-request only");
        }
    }
    for (std::size_t i = 0; i < chains.size(); ++i) {
        auto chain = read_chain(chains[i], "policy.chains[" + std::to_string(i) + "].");
        if (!chain) return chain.failure();
        if (config.chain(chain->chain) != nullptr) return bad("policy.chains", "has " + chain->chain + " twice");
        config.chains.push_back(std::move(*chain));
    }
    for (std::size_t i = 0; i < intents.size(); ++i) {
        auto chain = read_intents(intents[i], "policy.intents[" + std::to_string(i) + "].");
        if (!chain) return chain.failure();
        if (config.chain(chain->chain) != nullptr || config.intents_on(chain->chain) != nullptr) {
            return bad("policy.intents", "has " + chain->chain + ", which policy.chains or policy.intents has already");
        }
        config.intents.push_back(std::move(*chain));
    }
    for (std::size_t i = 0; i < grants.size(); ++i) {
        const std::string where = "policy.grants[" + std::to_string(i) + "].";
        auto grant = read_grant(grants[i], where, config.keys.codecs);
        if (!grant) return grant.failure();
        const bool by_intent = grant->scheme == "bh-intent-1" || config.keys.codecs.contains(grant->scheme);
        const bool known =
            by_intent ? config.intents_on(grant->chain) != nullptr : config.chain(grant->chain) != nullptr;
        if (!grant->chain.empty() && !known) {
            return bad(where + "chain", std::string{"names a chain that policy."} + (by_intent ? "intents" : "chains") +
                                            " does not have");
        }
        config.grants.push_back(std::move(*grant));
    }
    return {};
}

Result<SignerConfig> read_object(const json& object) {
    if (!object.is_object()) return invalid("bad_value", "it must be a map of keys and values");
    SignerConfig config;
    ipc::Args args{object};
    auto socket = absolute(args, "socket", kMaxSocketPath);
    if (!socket) return socket.failure();
    config.socket = std::move(*socket);
    auto log = absolute(args, "log", kMaxPath);
    if (!log) return log.failure();
    config.log = std::move(*log);
    config.anchors = args.text_or("anchors", kMaxPath, config.log.substr(0, config.log.rfind('/')) + "/anchors.jsonl");
    if (config.anchors.empty() || config.anchors.front() != '/') return bad("anchors", "must be an absolute path");
    if (auto done = read_accounts(args, object, config); !done) return done.failure();
    const auto& keys = args.object("keys");
    const auto& policy = args.object("policy");
    const auto& codecs = args.list_or_empty("codecs", kMaxList);
    config.codec_program = args.text_or("codec_program", kMaxPath, kCodecProgram);
    if (config.codec_program.empty() || config.codec_program[0] != '/')
        args.refuse("codec_program", "must be an absolute path");
    if (auto fine = args.finish(); !fine) return fine.failure();
    if (auto done = read_keys(keys, config); !done) return done.failure();
    if (auto done = read_codecs(codecs, config); !done) return done.failure();
    if (auto done = read_policy(policy, config); !done) return done.failure();
    return config;
}

}  // namespace

const ChainPolicy* SignerConfig::chain(std::string_view name) const {
    const auto found =
        std::find_if(chains.begin(), chains.end(), [&](const ChainPolicy& c) { return c.chain == name; });
    return found == chains.end() ? nullptr : &*found;
}

const IntentPolicy* SignerConfig::intents_on(std::string_view chain) const {
    const auto found =
        std::find_if(intents.begin(), intents.end(), [&](const IntentPolicy& p) { return p.chain == chain; });
    return found == intents.end() ? nullptr : &*found;
}

Result<SignerConfig> read_signer_config(const std::string& path) {
    auto object = read_yaml(path);
    if (!object) return object.failure();
    auto config = read_object(*object);
    if (!config) return config.failure().within(path);
    return config;
}

}  // namespace bh::signer
