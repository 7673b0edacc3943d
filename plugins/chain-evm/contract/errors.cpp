#include "plugins/chain-evm/contract/errors.hpp"

#include "plugins/chain-evm/abi/decode.hpp"
#include "plugins/chain-evm/abi/encode.hpp"

#include <algorithm>

namespace bh::evm {
namespace {

constexpr std::size_t kMaxReasonText = 120;

constexpr std::string_view kErrors[] = {
    "UnknownPlan(uint256)",
    "UnknownSubscription(uint256)",
    "PlanInactive(uint256)",
    "SoldOut(uint256,uint256,uint256)",
    "PurchasesArePaused()",
    "TokenNotAccepted(address)",
    "TokenChangeRefused(address,address)",
    "BadDays(uint256,uint256)",
    "AmountAboveMax(uint256,uint256)",
    "DeadlinePassed(uint256)",
    "BadAddress(address)",
    "TooLong(uint256,uint256)",
    "WrongValue(uint256,uint256)",
    "WrongTransfer(uint256,uint256)",
    "NotAgent(uint256,address)",
    "NotAllowed(address)",
    "NotOpen(uint256)",
    "NotLive(uint256)",
    "OrderMismatch(uint256,bytes16)",
    "TooEarly(uint256)",
    "ExpiryTooFar(uint256,uint256)",
    "BadOutage(uint256,uint256,uint256)",
    "CreditExhausted(uint256,uint256)",
    "NotOwner(uint256,address)",
    "NotBurnable(uint256)",
    "NothingToClaim(address,address)",
    "OutOfRange(string,uint256,uint256,uint256)",
    "LengthMismatch(uint256,uint256)",
    "BadToken(address)",
    "BadServerKey(uint256)",
    "WrongCredential(address)",
    "RenounceRefused()",
    "OwnableUnauthorizedAccount(address)",
    "ReentrancyGuardReentrantCall()",
    "SafeERC20FailedOperation(address)",
    "FailedCall()",
    "FailedDeployment()",
    "InsufficientBalance(uint256,uint256)",
    "NotOperator(address)",
    "NotSubscriptions(address)",
    "SealTooLong(uint256,uint256)",
    "BadHolder(address)",
    "CredentialLocked(uint256)",
    "ERC721NonexistentToken(uint256)",
    "ERC721InvalidReceiver(address)",
};

std::string printable(std::string text) {
    text.resize(std::min(text.size(), kMaxReasonText));
    for (char& c : text) {
        if (c < 0x20 || c > 0x7e) c = '?';
    }
    return text;
}

std::string argument(WordReader& words, std::size_t index, std::string_view type) {
    if (type == "address") return words.address(index).text();
    if (type == "bytes16") return crypto::hex0x(ByteView{words.hash(index).bytes}.first(16));
    if (type == "string") return printable(words.text(index, kMaxReasonText));
    return words.uint(index).decimal();
}

std::string with_arguments(std::string_view signature, ByteView data) {
    const std::size_t open = signature.find('(');
    std::string_view types = signature.substr(open + 1, signature.size() - open - 2);
    WordReader words{data};
    std::string out{signature.substr(0, open + 1)};
    for (std::size_t index = 0; !types.empty(); ++index) {
        const std::size_t comma = std::min(types.find(','), types.size());
        if (index > 0) out += ", ";
        out += argument(words, index, types.substr(0, comma));
        types.remove_prefix(std::min(comma + 1, types.size()));
    }
    return words.status() ? out + ")" : std::string{signature.substr(0, open)};
}

}  // namespace

std::string describe_revert(ByteView data) {
    if (data.size() < 4) return "no reason";
    const ByteView selected = data.first(4);
    const ByteView arguments = data.subspan(4);
    const auto is = [&](std::string_view signature) { return std::ranges::equal(selected, selector(signature)); };
    if (is("Error(string)")) {
        WordReader words{arguments};
        return "Error: " + printable(words.text(0, kMaxReasonText));
    }
    if (is("Panic(uint256)")) {
        WordReader words{arguments};
        return "Panic(" + words.uint(0).quantity() + ")";
    }
    for (const std::string_view signature : kErrors) {
        if (is(signature)) return with_arguments(signature, arguments);
    }
    return "error " + crypto::hex0x(selected);
}

}  // namespace bh::evm
