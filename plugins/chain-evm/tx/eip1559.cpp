#include "plugins/chain-evm/tx/eip1559.hpp"

#include "plugin-api/crypto/address.hpp"
#include "plugin-api/crypto/keccak.hpp"
#include "plugins/chain-evm/tx/rlp.hpp"

namespace bh::evm {
namespace {

constexpr std::uint8_t kType = 0x02;

RlpList fields_of(const Transaction& tx) {
    RlpList list;
    list.uint(tx.chain_id).uint(tx.nonce).uint(tx.fees.priority_fee).uint(tx.fees.max_fee).uint(tx.gas);
    list.bytes(tx.to ? ByteView{tx.to->bytes} : ByteView{}).uint(tx.value).bytes(tx.data).empty_list();
    return list;
}

Bytes typed(const RlpList& list) {
    Bytes out{kType};
    crypto::append(out, list.finish());
    return out;
}

}  // namespace

Bytes unsigned_bytes(const Transaction& tx) { return typed(fields_of(tx)); }

Result<SignedTransaction> attach_signature(const Transaction& tx, ByteView signature, const Address& signer) {
    const auto wrong = [] {
        return Failure{BH_E_DENIED, "wrong_signature",
                       "the signer did not sign with the agent's key; check which key is configured as agent", 0};
    };
    const Result<crypto::Signature> parts = crypto::Signature::parse(signature);
    if (!parts) return wrong();
    const Result<Address> by = crypto::recover_address(signature, crypto::keccak256(unsigned_bytes(tx)));
    if (!by || *by != signer) return wrong();
    RlpList list = fields_of(tx);
    list.uint(parts->y_parity).uint(Uint256::from_word(parts->r)).uint(Uint256::from_word(parts->s));
    SignedTransaction out{typed(list), {}};
    out.hash = Hash{crypto::keccak256(out.raw)};
    return out;
}

}  // namespace bh::evm
