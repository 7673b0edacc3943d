#include "plugins/chain-evm/tools/verify.hpp"

#include "plugin-api/documents/strict_json.hpp"
#include "plugins/chain-evm/abi/decode.hpp"
#include "plugins/chain-evm/abi/encode.hpp"
#include "plugins/chain-evm/contract/calls.hpp"
#include "plugins/chain-evm/contract/views.hpp"
#include "plugins/chain-evm/tools/operator.hpp"

#include <algorithm>

namespace bh::evm {
namespace {

using nlohmann::json;

constexpr const char* kInconsistent = "inconsistent";
constexpr std::size_t kMaxServerKeyBytes = 65;
constexpr std::size_t kWord = 32;

// Marks what the constructor wrote.
std::vector<bool> mask_of(const PinnedContract& expected, std::size_t size) {
    std::vector<bool> mask(size, false);
    for (const Immutable& immutable : expected.immutables) {
        for (std::size_t i = immutable.start; i < std::min(size, immutable.start + immutable.length); ++i) {
            mask[i] = true;
        }
    }
    return mask;
}

// The address in a word, or nullopt.
std::optional<Address> address_in(const std::map<std::string, std::string>& immutables, const std::string& name) {
    const auto found = immutables.find(name);
    if (found == immutables.end()) return std::nullopt;
    const Result<Bytes> word = crypto::parse_hex(found->second);
    if (!word || word->size() != kWord) return std::nullopt;
    WordReader words{*word};
    const Address address = words.address(0);
    if (!words.status()) return std::nullopt;
    return address;
}

json as_json(const PinnedContract& expected, const Address& address, const CodeComparison& found) {
    json out{{"name", expected.name},
             {"address", address.text()},
             {"artifact_sha256", expected.digest},
             {"compiler", expected.compiler},
             {"matches", found.same},
             {"size", found.size},
             {"expected_size", found.expected_size},
             {"differing_bytes", found.differing},
             {"immutables", found.immutables}};
    if (found.first_difference) out["first_difference"] = *found.first_difference;
    return out;
}

std::string difference_text(const PinnedContract& expected, const Address& address, const CodeComparison& found) {
    const std::string name{expected.name};
    if (found.size == 0) {
        return "there is no code at " + address.text() + ", where " + name +
               " should be: check the address and the chain";
    }
    std::string text = name + " at " + address.text() + " is not what this version deploys: ";
    if (found.size != found.expected_size) {
        text += std::to_string(found.size) + " bytes instead of " + std::to_string(found.expected_size) + ", ";
    }
    text += std::to_string(found.differing) + " bytes differ";
    if (found.first_difference) text += ", the first at offset " + std::to_string(*found.first_difference);
    for (const auto& [immutable, word] : found.immutables) {
        if (word == kInconsistent) text += "; it has several values of " + immutable;
    }
    return text + ". Do not sell through it unless you know why";
}

// Who runs it, of a contract that is ours: what an operator wants to read once more before he sells.
Status add_settings(Node& node, const Header& head, const Address& contract, json& out) {
    const std::pair<const char*, const char*> addresses[] = {
        {"operator", "owner()"}, {"pending_operator", "pendingOwner()"}, {"treasury", "treasury()"}};
    for (const auto& [name, question] : addresses) {
        const Result<Bytes> data = ask_contract(node, head, contract, CallEncoder{question}.finish());
        if (!data) return data.failure();
        const Result<Address> address = decode_address(*data);
        if (!address) return address.failure();
        if (!address->is_zero()) out[name] = address->text();
    }
    const Result<Bytes> data = ask_contract(node, head, contract, CallEncoder{"serverKey()"}.finish());
    if (!data) return data.failure();
    const Result<std::string> key = decode_text(*data, kMaxServerKeyBytes);
    if (!key) return key.failure();
    out["server_key"] = key->empty() ? "" : crypto::hex0x(crypto::bytes_of(*key));
    return {};
}

}  // namespace

CodeComparison compare_code(const PinnedContract& expected, ByteView code) {
    const Result<Bytes> deployed = crypto::parse_hex(std::string{expected.deployed});
    CodeComparison out;
    out.size = code.size();
    out.expected_size = deployed->size();
    const std::vector<bool> mask = mask_of(expected, deployed->size());
    for (std::size_t i = 0; i < std::min(code.size(), deployed->size()); ++i) {
        if (mask[i] || code[i] == (*deployed)[i]) continue;
        ++out.differing;
        if (!out.first_difference) out.first_difference = i;
    }
    bool consistent = true;
    for (const Immutable& immutable : expected.immutables) {
        if (immutable.start + immutable.length > code.size()) continue;
        const std::string word = crypto::hex0x(code.subspan(immutable.start, immutable.length));
        const auto [known, added] = out.immutables.emplace(immutable.name, word);
        if (added || known->second == word) continue;
        known->second = kInconsistent;
        consistent = false;
    }
    out.same = out.size == out.expected_size && out.differing == 0 && consistent;
    return out;
}

Result<ContractCheck> verify_contracts(Node& node, const Address& contract) {
    const Result<Tips> tips = node.tips(false);
    if (!tips) return tips.failure();
    const Header& head = tips->head;
    const Result<Bytes> code = node.code_at(contract, head.number);
    if (!code) return code.failure();
    json findings = json::array();
    json contracts = json::array();
    const CodeComparison subscription = compare_code(kSubscriptionContract, *code);
    contracts.push_back(as_json(kSubscriptionContract, contract, subscription));
    json out{{"block", head.number}, {"contract", contract.text()}};
    if (!subscription.same) findings.push_back(difference_text(kSubscriptionContract, contract, subscription));

    // Of a contract that is not ours nothing that it says is worth asking.
    const auto credential = subscription.same ? address_in(subscription.immutables, "credential") : std::nullopt;
    if (credential) {
        const Result<Bytes> credential_code = node.code_at(*credential, head.number);
        if (!credential_code) return credential_code.failure();
        const CodeComparison found = compare_code(kAccessCredential, *credential_code);
        contracts.push_back(as_json(kAccessCredential, *credential, found));
        out["credential"] = credential->text();
        if (!found.same) findings.push_back(difference_text(kAccessCredential, *credential, found));
        const auto minter = address_in(found.immutables, "subscriptions");
        if (found.same && minter != contract) {
            findings.push_back("the credential at " + credential->text() + " was made for another contract: " +
                               (minter ? minter->text() : "none") + ". Deploy both again");
        }
        if (const Status status = add_settings(node, head, contract, out); !status) return status.failure();
    }
    const bool good = credential && findings.empty();
    out["matches"] = good;
    out["contracts"] = std::move(contracts);
    out["findings"] = std::move(findings);
    return ContractCheck{good, out.dump()};
}

}  // namespace bh::evm
