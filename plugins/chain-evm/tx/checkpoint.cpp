#include "plugins/chain-evm/tx/checkpoint.hpp"

#include "plugin-api/documents/codec.hpp"

namespace bh::evm {

template <class F>
void fields(F& f, Is<Variant> auto& x) {
    f.required("raw", x.raw, "The signed transaction.");
    f.required("hash", x.hash, "Its hash.");
    f.required("max_fee", x.max_fee, "Wei per gas.");
    f.required("priority_fee", x.priority_fee, "Wei per gas.");
    f.required("signed_at", x.signed_at, "Unix seconds.");
    f.optional("empty_transfer", x.empty_transfer, "Takes the place of a cancelled order.");
}

template <class F>
void fields(F& f, Is<Checkpoint> auto& x) {
    f.required("intent", x.intent, "Digest of the intent.");
    f.required("nonce", x.nonce, "Of all variants.");
    f.required("gas", x.gas, "Gas limit.");
    f.optional("reverted", x.reverted, "Reverted in a final block.");
    f.required("variants", x.variants, "Oldest first.");
}

Result<Checkpoint> parse_checkpoint(std::string_view text) {
    Result<Checkpoint> out = read_document<Checkpoint>(text);
    const bool usable = out.ok() && !out->variants.empty() && std::ranges::all_of(out->variants, [](const Variant& v) {
                            return Hash::parse(v.hash).has_value();
                        });
    if (usable) return out;
    return Failure{BH_E_CORRUPT, "bad_checkpoint", "the saved transaction is damaged; restore the journal", 0};
}

std::string checkpoint_text(const Checkpoint& checkpoint) { return write_document(checkpoint); }

}  // namespace bh::evm
