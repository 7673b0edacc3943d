#include "kernel/net/nft.hpp"

#include <nftables/libnftables.h>

#include <memory>
#include <string>

namespace bh::net {
namespace {

struct Free {
    void operator()(nft_ctx* context) const noexcept { nft_ctx_free(context); }
};
using Context = std::unique_ptr<nft_ctx, Free>;

// The library's first line of error, without the caret picture below it.
std::string first_line(const char* text) {
    const std::string all = text == nullptr ? "" : text;
    return all.substr(0, all.find('\n'));
}

}  // namespace

Result<nlohmann::json> Nftables::query(const nlohmann::json& commands) {
    // A context of its own for each batch: the library caches what it saw, and others may change the rules meanwhile.
    const Context context{nft_ctx_new(NFT_CTX_DEFAULT)};
    if (!context) return Failure{BH_E_EXHAUSTED, "nft_context", "cannot make an nftables context"};
    nft_ctx_output_set_flags(context.get(), NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_NUMERIC_PROTO);
    if (nft_ctx_buffer_output(context.get()) != 0 || nft_ctx_buffer_error(context.get()) != 0)
        return Failure{BH_E_EXHAUSTED, "nft_context", "cannot make the buffers of an nftables context"};
    const std::string text = nlohmann::json{{"nftables", commands}}.dump();
    if (nft_run_cmd_from_buffer(context.get(), text.c_str()) != 0) {
        const std::string reason = first_line(nft_ctx_get_error_buffer(context.get()));
        if (reason.find("No such file or directory") != std::string::npos)
            return Failure{BH_E_NOT_FOUND, "nft_missing", "nftables: " + reason};
        if (reason.find("Operation not permitted") != std::string::npos)
            return Failure{BH_E_DENIED, "not_permitted", "nftables: " + reason + "; netd needs CAP_NET_ADMIN"};
        return Failure{BH_E_UNAVAILABLE, "nft", "nftables refused the change: " + reason};
    }
    const char* output = nft_ctx_get_output_buffer(context.get());
    if (output == nullptr || *output == '\0') return nlohmann::json::array();
    const auto answer = nlohmann::json::parse(output, nullptr, false);
    if (answer.is_discarded() || !answer.contains("nftables"))
        return Failure{BH_E_INTERNAL, "nft_answer", "nftables gave an answer that is no JSON"};
    return answer.at("nftables");
}

Status Nftables::run(const nlohmann::json& commands) {
    auto answer = query(commands);
    return answer ? Status{} : answer.failure();
}

}  // namespace bh::net
