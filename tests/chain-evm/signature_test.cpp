// Signatures of keys and of smart accounts: ERC-1271, ERC-6492, EIP-7702, against wallets on a real node
// (contracts/fixtures/Accounts.sol) that are honest, not there yet, or out for trouble.
#include "plugin-api/crypto/keccak.hpp"
#include "plugins/chain-evm/rpc/deployless.hpp"
#include "plugins/chain-evm/tx/rlp.hpp"
#include "tests/chain-evm/trio.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fstream>

using namespace bh;
using namespace bh::evm;
using namespace bh::evm::test;
using nlohmann::json;

namespace {

Bytes text(std::string_view words) { return crypto::to_bytes(crypto::bytes_of(words)); }

const Bytes kText = text("bh-7-3fa91c wants you to sign in with your Ethereum account");

// A key that is not the agent's.
struct Key {
    explicit Key(std::uint8_t byte)
        : secret{crypto::Secret::copy_of(Bytes(crypto::kSecretKeySize, byte))},
          address{Address::of(*crypto::PublicKey::of(secret))} {}
    [[nodiscard]] Bytes sign(const crypto::Hash256& digest) const { return crypto::sign(secret, digest)->encoded(); }
    [[nodiscard]] Bytes sign(const Bytes& message) const { return sign(crypto::eip191_hash(message)); }
    crypto::Secret secret;
    Address address;
};

Bytes fixture(const std::string& name) {
    std::ifstream file{BLOCKHOST_CONTRACTS "/fixtures/fixtures.json"};
    REQUIRE(file.good());
    return *crypto::parse_hex(json::parse(file).at(name).get<std::string>());
}

Bytes arguments(const CallEncoder& call) {
    const Bytes data = call.finish();
    return {data.begin() + 4, data.end()};
}

Address create(World& world, const std::string& name, const std::optional<CallEncoder>& call = {}) {
    Bytes code = fixture(name);
    if (call) crypto::append(code, arguments(*call));
    const std::string hash = world.send(world.stranger, std::nullopt, code);
    const json receipt = world.anvil.rpc("eth_getTransactionReceipt", json::array({hash}));
    REQUIRE(receipt.at("status") == "0x1");
    return *Address::parse(receipt.at("contractAddress").get<std::string>());
}

Address wallet_of(World& world, const Key& key) {
    return create(world, "KeyWallet", CallEncoder{"c(address)"}.address(key.address));
}

// ERC-6492: what has to be called first, and the signature behind it.
Bytes wrapped(const Address& factory, const Bytes& call, const Bytes& signature) {
    Bytes out = arguments(CallEncoder{"w(address,bytes,bytes)"}.address(factory).bytes(call).bytes(signature));
    for (int i = 0; i < 16; ++i) out.insert(out.end(), {0x64, 0x92});
    return out;
}

// The other form of a signature: s' = n - s, v' = the other. Verifies under plain ECDSA.
Bytes high_s(Bytes signature) {
    const Bytes n = *crypto::parse_hex("0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
    int borrow = 0;
    for (int i = 31; i >= 0; --i) {
        int digit = n[static_cast<std::size_t>(i)] - signature[static_cast<std::size_t>(32 + i)] - borrow;
        borrow = digit < 0 ? 1 : 0;
        signature[static_cast<std::size_t>(32 + i)] = static_cast<std::uint8_t>(digit + 256 * borrow);
    }
    signature[64] = signature[64] == 27 ? 28 : 27;
    return signature;
}

Bytes compact(const Bytes& signature) {
    Bytes out{signature.begin(), signature.begin() + 64};
    if (signature[64] == 28) out[32] |= 0x80;
    return out;
}

// The account of `key` delegates to the code of `target` (EIP-7702), by a transaction that somebody else pays for.
void delegate(World& world, const Key& key, const Address& target) {
    Bytes what{0x05};
    crypto::append(what, RlpList{}.uint(31337).bytes(target.bytes).uint(0).finish());
    const auto signature = *crypto::sign(key.secret, crypto::keccak256(what));
    const auto word = [](const crypto::Hash256& hash) { return Uint256::from_word(hash).quantity(); };
    const json authorization{{"chainId", "0x7a69"},    {"address", target.lower_text()},
                             {"nonce", "0x0"},         {"yParity", quantity(signature.y_parity)},
                             {"r", word(signature.r)}, {"s", word(signature.s)}};
    const json tx{{"from", world.stranger.lower_text()},
                  {"to", world.stranger.lower_text()},
                  {"gas", "0x7a1200"},
                  {"type", "0x4"},
                  {"authorizationList", json::array({authorization})}};
    const std::string hash = world.anvil.rpc("eth_sendTransaction", json::array({tx})).get<std::string>();
    wait_for("the authorization",
             [&] { return !world.anvil.rpc("eth_getTransactionReceipt", json::array({hash})).is_null(); });
    const json code = world.anvil.rpc("eth_getCode", {key.address.lower_text(), "latest"});
    REQUIRE(code == "0xef0100" + target.lower_text().substr(2));
}

bool valid(Instance& instance, const Address& signer, const Bytes& signature, const Bytes& message = kText) {
    const auto out = instance.verify(signer.text(), message, signature);
    INFO((out ? "" : out.failure().message));
    REQUIRE(out.ok());
    return out->valid;
}

}  // namespace

TEST_CASE("a key signs texts and typed data, in both encodings and with low s only") {
    World world;
    Instance instance{world.kernel, world.config()};
    const Key key{0x21};
    const Bytes signature = key.sign(kText);
    CHECK(valid(instance, key.address, signature));
    CHECK(valid(instance, key.address, compact(signature)));
    CHECK_FALSE(valid(instance, key.address, high_s(signature)));
    CHECK_FALSE(valid(instance, key.address, signature, text("another text")));
    CHECK_FALSE(valid(instance, key.address, Bytes{}));
    CHECK_FALSE(valid(instance, key.address, Bytes(100'000, 7)));

    Bytes typed{0x19, 0x01};
    typed.resize(66, 0x5c);
    const Bytes over = key.sign(crypto::keccak256(typed));
    CHECK(instance.verify(key.address.text(), typed, over, "eip712")->valid);
    CHECK(*instance.recover("eip712", typed, over) == key.address.text());
    CHECK_FALSE(instance.verify(key.address.text(), typed, signature, "eip712")->valid);
    CHECK_FALSE(instance.verify(key.address.text(), typed, over)->valid);
    CHECK(instance.verify(key.address.text(), kText, over, "eip712").failure().reason == "bad_typed_data");
    CHECK(instance.verify(key.address.text(), kText, over, "ed25519").failure().reason == "unknown_scheme");
    CHECK(instance.recover("erc1271", kText, over).failure().code == BH_E_UNSUPPORTED);
    CHECK(instance.describe()->signature_schemes == std::vector<std::string>{"eip191", "eip712", "erc1271"});
}

TEST_CASE("a smart account is asked whether a signature is its own") {
    World world;
    Instance instance{world.kernel, world.config()};
    const Key key{0x21}, other{0x22};
    const Position before = world.head();
    const Address wallet = wallet_of(world, key);
    CHECK(valid(instance, wallet, key.sign(kText)));
    CHECK_FALSE(valid(instance, wallet, other.sign(kText)));
    CHECK_FALSE(valid(instance, wallet, high_s(key.sign(kText))));
    // Not for another text, and not for another wallet of the same kind.
    CHECK_FALSE(valid(instance, wallet, key.sign(kText), text("another text")));
    CHECK_FALSE(valid(instance, wallet_of(world, other), key.sign(kText)));
    // Typed data, too.
    Bytes typed{0x19, 0x01};
    typed.resize(66, 0x5c);
    CHECK(instance.verify(wallet.text(), typed, key.sign(crypto::keccak256(typed)), "eip712")->valid);
    // At the position asked for: before it was made there was nobody who could accept.
    CHECK_FALSE(instance.verify(wallet.text(), kText, key.sign(kText), "eip191", before)->valid);
    CHECK(instance.verify(wallet.text(), kText, key.sign(kText), "eip191", {"0x" + std::string(64, '7'), before.height})
              .failure()
              .reason == "position_unknown");
}

TEST_CASE("an account that misbehaves holds no signature for valid and takes no endpoint down") {
    World world;
    Instance instance{world.kernel, world.config()};
    for (std::uint64_t manner = 0; manner <= 10; ++manner) {
        const Address hostile = create(world, "HostileWallet", CallEncoder{"c(uint256)"}.uint(manner));
        INFO("manner " << manner);
        CHECK_FALSE(valid(instance, hostile, Bytes(65, 1)));
        CHECK_FALSE(valid(instance, hostile, wrapped(world.stranger, {}, Bytes(65, 1))));
    }
    // The same contract in a good mood, so that what is refused above is refused for its manner.
    const Address kind = create(world, "HostileWallet", CallEncoder{"c(uint256)"}.uint(11));
    CHECK(valid(instance, kind, Bytes(65, 1)));
    CHECK(instance.health().ok());
}

TEST_CASE("a wallet that is not deployed yet is made for the question and for nothing else") {
    World world;
    Instance instance{world.kernel, world.config()};
    const Key key{0x21}, other{0x22};
    const Address factory = create(world, "WalletFactory");
    const auto arguments_of = [](const Key& owner, std::string_view call) {
        return CallEncoder{call}.address(owner.address).hash(Hash{}).finish();
    };
    const Bytes make = arguments_of(key, "make(address,bytes32)");
    const std::string word = world.anvil.rpc(
        "eth_call",
        {{{"to", factory.lower_text()}, {"data", crypto::hex0x(arguments_of(key, "addressOf(address,bytes32)"))}},
         "latest"});
    const Address wallet = *Address::parse("0x" + word.substr(26));

    CHECK(valid(instance, wallet, wrapped(factory, make, key.sign(kText))));
    CHECK(world.anvil.rpc("eth_getCode", {wallet.lower_text(), "latest"}) == "0x");
    CHECK_FALSE(valid(instance, wallet, key.sign(kText)));
    CHECK_FALSE(valid(instance, wallet, wrapped(factory, make, other.sign(kText))));
    CHECK_FALSE(valid(instance, wallet, wrapped(factory, make, key.sign(kText)), text("another text")));
    // A factory that makes another wallet, fails, burns all gas, or is none.
    const Bytes other_make = arguments_of(other, "make(address,bytes32)");
    CHECK_FALSE(valid(instance, wallet, wrapped(factory, other_make, key.sign(kText))));
    CHECK_FALSE(valid(instance, wallet, wrapped(factory, CallEncoder{"fail()"}.finish(), key.sign(kText))));
    CHECK_FALSE(valid(instance, wallet, wrapped(factory, CallEncoder{"burn()"}.finish(), key.sign(kText))));
    CHECK_FALSE(valid(instance, wallet, wrapped(world.stranger, make, key.sign(kText))));
    // Nobody's key account becomes a wallet by somebody else's factory.
    CHECK_FALSE(valid(instance, world.buyer, wrapped(factory, make, key.sign(kText))));
    // Cut, and with lengths that point anywhere.
    Bytes cut = wrapped(factory, make, key.sign(kText));
    cut.erase(cut.begin(), cut.begin() + 40);
    CHECK_FALSE(valid(instance, wallet, cut));
    Bytes far = wrapped(factory, make, key.sign(kText));
    std::fill(far.begin() + 32, far.begin() + 64, std::uint8_t{0xff});
    CHECK_FALSE(valid(instance, wallet, far));
    Bytes bare(32, 0);
    for (std::size_t i = 0; i < 32; ++i) bare[i] = i % 2 == 0 ? 0x64 : 0x92;
    CHECK_FALSE(valid(instance, wallet, bare));

    // Deployed in the meantime: wrapped or not, it counts.
    world.send(world.stranger, factory, make);
    CHECK(valid(instance, wallet, key.sign(kText)));
    CHECK(valid(instance, wallet, wrapped(factory, make, key.sign(kText))));
    CHECK_FALSE(valid(instance, wallet, wrapped(factory, make, other.sign(kText))));
}

TEST_CASE("a deployed wallet that is not ready is asked again after the call that makes it ready") {
    World world;
    Instance instance{world.kernel, world.config()};
    const Address wallet = create(world, "LateWallet");
    const Bytes signature{1, 2, 3, 4};
    CHECK_FALSE(valid(instance, wallet, signature));
    CHECK(valid(instance, wallet, wrapped(wallet, CallEncoder{"prepare()"}.finish(), signature)));
    CHECK_FALSE(valid(instance, wallet, wrapped(wallet, CallEncoder{"nothing()"}.finish(), signature)));
}

TEST_CASE("an account with delegated code signs with its key, and with what the code accepts") {
    World world{{"--hardfork", "prague"}};
    Instance instance{world.kernel, world.config()};
    const Key owner{0x21}, session{0x22}, other{0x23};
    CHECK_FALSE(valid(instance, owner.address, session.sign(kText)));
    delegate(world, owner, wallet_of(world, session));
    CHECK(valid(instance, owner.address, owner.sign(kText)));
    CHECK(valid(instance, owner.address, session.sign(kText)));
    CHECK_FALSE(valid(instance, owner.address, other.sign(kText)));
    CHECK_FALSE(valid(instance, owner.address, high_s(owner.sign(kText))));
    // Delegated to something that is no wallet: the key is still the account's.
    const Key second{0x24};
    delegate(world, second, world.contract);
    CHECK(valid(instance, second.address, second.sign(kText)));
    CHECK_FALSE(valid(instance, second.address, session.sign(kText)));
}

TEST_CASE("the scheme erc1271 is for accounts that may be wallets, and says of others that they have a key") {
    World world;
    Instance instance{world.kernel, world.config()};
    const Key key{0x21};
    const Address wallet = wallet_of(world, key);
    const auto asks = [&](const Address& account) { return instance.verify(account.text(), kText, {}, "erc1271"); };
    CHECK_FALSE(asks(wallet)->valid);
    CHECK(instance.verify(wallet.text(), kText, key.sign(kText), "erc1271")->valid);
    CHECK(instance.verify(key.address.text(), kText, key.sign(kText), "erc1271")->valid);
    // It has sent transactions and has no code.
    CHECK(asks(world.stranger).failure().reason == "key_account");
    // It has done neither: who can say?
    CHECK_FALSE(asks(key.address)->valid);
}

TEST_CASE("one endpoint of three can't make a signature valid or invalid") {
    Trio trio;
    const Key key{0x21}, other{0x22};
    const Address wallet = wallet_of(trio.world, key);
    for (const bool lie : {true, false}) {
        trio[0].change([lie](const json& call, json& reply) {
            if (call.at("method") == "eth_call" && !call.at("params").at(0).contains("to"))
                reply = {{"result", "0x" + std::string(63, '0') + (lie ? "1" : "0")}};
        });
        CHECK_FALSE(valid(*trio.instance, wallet, other.sign(kText)));
        CHECK(valid(*trio.instance, wallet, key.sign(kText)));
    }
    CHECK(trio.caught(0, "other_answer") > 0);
    // All three must agree if that is asked for.
    CHECK(trio.instance->verify(wallet.text(), kText, key.sign(kText), "eip191", {}, 3).failure().code ==
          BH_E_UNAVAILABLE);
    // No verdict is no answer.
    for (std::size_t i = 0; i < 3; ++i) {
        trio[i].change([](const json& call, json& reply) {
            if (call.at("method") == "eth_call" && !call.at("params").at(0).contains("to"))
                reply = {{"result", "0x" + std::string(63, '0') + "2"}};
        });
    }
    CHECK(trio.instance->verify(wallet.text(), kText, key.sign(kText)).failure().reason == "no_verdict");
}
