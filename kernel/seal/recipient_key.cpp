#include "kernel/seal/recipient_key.hpp"

#include "plugin-api/crypto/digest.hpp"
#include "plugin-api/crypto/keccak.hpp"
#include "plugin-api/formats/eip712.hpp"
#include "plugin-api/formats/rules.hpp"

#include <openssl/bn.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

namespace bh::seal {

namespace {

using crypto::Hash256;
using crypto::Secret;
using formats::word_of_text;

constexpr std::string_view kDomain =
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)";
constexpr std::string_view kType = "SealKey(address wallet,string notice)";
constexpr std::string_view kNotice =
    "This signature makes the key that opens your connection details. Sign it only where you buy or open them.";
constexpr std::string_view kSalt = "BlockHost seal-2 recipient key";
constexpr std::string_view kOrder = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
constexpr std::size_t kWordSize = 32, kPairSize = 64, kMaterialSize = 48;

struct Wiped {
    void operator()(BIGNUM* number) const noexcept { BN_clear_free(number); }
};
using Number = std::unique_ptr<BIGNUM, Wiped>;

Number number(crypto::ByteView bytes) {
    Number made{BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr)};
    if (!made) throw std::runtime_error{"no memory for a number"};
    return made;
}

Number order() { return number(*crypto::parse_hex(kOrder)); }

void must(int done) {
    if (done <= 0) throw std::runtime_error{"OpenSSL could not calculate"};
}

// r and s with the low one of the two s.
Secret low_pair(const Secret& signature) {
    Secret pair = Secret::copy_of(signature.view().first(kPairSize));
    const Number n = order(), s = number(pair.view().subspan(kWordSize));
    const Number half{BN_dup(n.get())};
    if (!half) throw std::runtime_error{"no memory for a number"};
    must(BN_rshift1(half.get(), half.get()));
    if (BN_cmp(s.get(), half.get()) > 0 && BN_cmp(s.get(), n.get()) < 0) {
        must(BN_sub(s.get(), n.get(), s.get()));
        must(BN_bn2binpad(s.get(), pair.data() + kWordSize, kWordSize));
    }
    return pair;
}

// Whether r and s are the wallet's over the digest, whichever of the two points r means.
bool is_of(const Secret& pair, const Hash256& digest, const crypto::Address& wallet) {
    crypto::Signature signature;
    std::copy_n(pair.view().begin(), kWordSize, signature.r.begin());
    std::copy_n(pair.view().begin() + kWordSize, kWordSize, signature.s.begin());
    bool found = false;
    for (const std::uint8_t parity : {0, 1}) {
        signature.y_parity = parity;
        const auto key = crypto::recover(signature, digest);
        found = found || (key && crypto::Address::of(*key) == wallet);
    }
    crypto::wipe(&signature, sizeof signature);
    return found;
}

}  // namespace

Result<Hash256> recipient_key_digest(const KeyContext& context) {
    const auto chain = formats::eip155_chain_id(context.chain);
    if (!chain) return chain.failure().within("chain");
    const auto contract = crypto::Address::parse(context.contract);
    if (!contract) return contract.failure().within("contract");
    const auto wallet = crypto::Address::parse(context.wallet);
    if (!wallet) return wallet.failure().within("wallet");
    const formats::Word separator = crypto::keccak256(
        {word_of_text(kDomain), word_of_text("BlockHost seal"), word_of_text("2"), formats::word_of(*chain),
         formats::word_of(*contract), crypto::keccak256(context.server.point())});
    const formats::Word content =
        crypto::keccak256({word_of_text(kType), formats::word_of(*wallet), word_of_text(kNotice)});
    return formats::typed_data_digest(separator, content);
}

Result<Secret> recipient_key(const KeyContext& context, const Secret& signature) {
    const auto digest = recipient_key_digest(context);
    if (!digest) return digest.failure();
    if (signature.size() != kPairSize && signature.size() != kPairSize + 1) {
        return invalid("bad_signature", "a wallet's signature has 65 bytes, r, s and v");
    }
    const Secret pair = low_pair(signature);
    if (!is_of(pair, *digest, *crypto::Address::parse(context.wallet))) {
        return invalid("not_the_wallet",
                       "the signature is not the wallet's over the seal key of this chain, contract and server key: "
                       "sign the typed data of seal-2.md with that wallet, or name an older server key");
    }
    const Secret material = crypto::hkdf_sha256(pair.view(), crypto::bytes_of(kSalt), *digest, kMaterialSize);
    const Number below = order(), wide = number(material.view()), scalar{BN_new()};
    const std::unique_ptr<BN_CTX, decltype(&BN_CTX_free)> scratch{BN_CTX_secure_new(), &BN_CTX_free};
    if (!scalar || !scratch) throw std::runtime_error{"no memory for a number"};
    must(BN_sub_word(below.get(), 1));
    must(BN_mod(scalar.get(), wide.get(), below.get(), scratch.get()));
    must(BN_add_word(scalar.get(), 1));
    Secret key{crypto::kSecretKeySize};
    must(BN_bn2binpad(scalar.get(), key.data(), static_cast<int>(key.size())));
    return key;
}

}  // namespace bh::seal
