#include "kernel/signer/function_signature.hpp"

#include "plugin-api/crypto/keccak.hpp"

#include <algorithm>
#include <regex>

namespace bh::signer {

namespace {

constexpr std::size_t kMaxSignature = 256;

// uint8 ... uint256 in steps of 8, bytes1 ... bytes32, and arrays of all.
bool is_type(std::string_view type) {
    static const std::regex kShape{R"((address|bool|string|bytes|(u?int|bytes)([1-9][0-9]{0,2}))((\[[0-9]{0,4}\])*))"};
    std::match_results<std::string_view::const_iterator> parts;
    if (!std::regex_match(type.begin(), type.end(), parts, kShape)) return false;
    if (!parts[3].matched) return true;
    const int size = std::stoi(parts[3].str());
    return parts[2].str() == "bytes" ? size <= 32 : size <= 256 && size % 8 == 0;
}

bool is_name(std::string_view name) {
    static const std::regex kName{R"([A-Za-z_$][A-Za-z0-9_$]*)"};
    return std::regex_match(name.begin(), name.end(), kName);
}

}  // namespace

Result<FunctionSignature> FunctionSignature::parse(std::string_view text) {
    const Failure failure = invalid(
        "bad_function", "\"" + std::string{text.substr(0, 80)} +
                            "\" is no function signature; write name(type,type) with full types and without spaces or "
                            "parameter names: withdraw(address,uint256[])");
    const std::size_t open = text.find('(');
    if (text.size() > kMaxSignature || open == std::string_view::npos || text.back() != ')') return failure;
    if (!is_name(text.substr(0, open))) return failure;
    std::string_view types = text.substr(open + 1, text.size() - open - 2);
    while (!types.empty()) {
        const std::size_t comma = types.find(',');
        if (!is_type(types.substr(0, comma))) return failure;
        if (comma == std::string_view::npos) break;
        types.remove_prefix(comma + 1);
        if (types.empty()) return failure;
    }
    FunctionSignature signature{std::string{text}, {}};
    const auto hash = crypto::keccak256(crypto::bytes_of(text));
    std::copy_n(hash.begin(), signature.selector.size(), signature.selector.begin());
    return signature;
}

}  // namespace bh::signer
