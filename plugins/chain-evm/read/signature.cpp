// Reader: whose signature it is. By ECDSA where the account has a key, which an account with delegated code (EIP-7702)
// has, too; else the account itself is asked (ERC-1271), after it was made if it is not there yet (ERC-6492).
#include "plugin-api/crypto/keccak.hpp"
#include "plugins/chain-evm/abi/encode.hpp"
#include "plugins/chain-evm/read/reader.hpp"
#include "plugins/chain-evm/read/signature_validator.hpp"
#include "plugins/chain-evm/rpc/deployless.hpp"

#include <algorithm>

namespace bh::evm {
namespace {

// Passkeys and wrapped signatures take some hundred bytes. The guest channel has the same limit.
constexpr std::size_t kMaxSignatureBytes = 4096;
// 0x19 0x01, the domain's separator, the hash of the struct: what EIP-712 hashes.
constexpr std::size_t kTypedDataBytes = 2 + 32 + 32;
constexpr std::string_view kSmartAccount = "erc1271";

Result<crypto::Hash256> digest_of(std::string_view scheme, ByteView message) {
    if (scheme == "eip191" || scheme == kSmartAccount) return crypto::eip191_hash(message);
    if (scheme != "eip712") {
        return Failure{BH_E_UNSUPPORTED, "unknown_scheme",
                       "only signatures of the schemes eip191, eip712 and erc1271 can be checked", 0};
    }
    if (message.size() != kTypedDataBytes || message[0] != 0x19 || message[1] != 0x01) {
        return invalid("bad_typed_data",
                       "a message of the scheme eip712 is 66 bytes: 19 01, the domain separator, the struct's hash");
    }
    return crypto::keccak256(message);
}

Bytes question(const Address& signer, const crypto::Hash256& digest, ByteView signature) {
    Bytes out = crypto::to_bytes(signature_validator());
    const Bytes call =
        CallEncoder{"constructor(address,bytes32,bytes)"}.address(signer).hash(Hash{digest}).bytes(signature).finish();
    out.insert(out.end(), call.begin() + 4, call.end());  // a constructor has no selector
    return out;
}

// The word that contracts/src/SignatureValidator.sol gives; a revert is a signature that can't be read.
Result<bool> verdict_of(const CallResult& answer, std::string_view who) {
    if (answer.reverted) return false;
    const Result<Uint256> word = decode_uint(answer.data);
    if (word && *word == Uint256{0}) return false;
    if (word && *word == Uint256{1}) return true;
    return Failure{BH_E_UNAVAILABLE, "no_verdict",
                   "the endpoint " + std::string{who} +
                       " can't check signatures of smart accounts: it does not run the check, or gives it too little "
                       "gas (16 million are asked for); configure another",
                   0};
}

}  // namespace

Result<Verification> Reader::verify(std::string_view scheme, std::string_view signer, ByteView message,
                                    ByteView signature, const At& at) {
    const Result<Address> claimed = Address::parse(signer);
    if (!claimed) return claimed.failure();
    const Result<crypto::Hash256> digest = digest_of(scheme, message);
    if (!digest) return digest.failure();
    Verification out;
    out.position = {at.hash.text(), at.height};
    const Result<Address> recovered = crypto::recover_address(signature, *digest);
    out.valid = recovered.ok() && *recovered == *claimed;
    if (out.valid || signature.size() > kMaxSignatureBytes) return out;
    const Result<CallResult> answer = call(kDeployless, question(*claimed, *digest, signature), at);
    if (!answer) return answer.failure();
    const Result<bool> accepted = verdict_of(*answer, node_.label());
    if (!accepted) return accepted.failure();
    out.valid = *accepted;
    if (out.valid || scheme != kSmartAccount) return out;
    // Without code and with transactions of its own it is an account with a key. Without either it may be a wallet
    // that is not deployed yet.
    const Result<Bytes> code = node_.code_at(*claimed, at.height);
    if (!code) return code.failure();
    if (!code->empty()) return out;
    const Result<std::uint64_t> nonce = node_.nonce_at(*claimed, at.height);
    if (!nonce) return nonce.failure();
    if (*nonce == 0) return out;
    return Failure{BH_E_UNSUPPORTED, "key_account",
                   "the signer is an account with a key: its signatures are of the scheme eip191", 0};
}

Result<Address> recover_signer(std::string_view scheme, ByteView message, ByteView signature) {
    if (scheme == kSmartAccount) {
        return Failure{BH_E_UNSUPPORTED, "unknown_scheme", "who signed for a smart account only that account knows", 0};
    }
    const Result<crypto::Hash256> digest = digest_of(scheme, message);
    if (!digest) return digest.failure();
    return crypto::recover_address(signature, *digest);
}

}  // namespace bh::evm
