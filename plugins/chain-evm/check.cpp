// check(): would an instance with this configuration work? Everything that can be found out is told, in plain words.
#include "plugins/chain-evm/plugin.hpp"

#include "plugins/chain-evm/contract/calls.hpp"
#include "plugins/chain-evm/legacy/check.hpp"

namespace bh::evm {
namespace {

constexpr std::uint64_t kMaxPlansLookedAt = 64;
constexpr std::int64_t kOldHeadSeconds = 600;

class Inspection {
public:
    Inspection(const Services& services, const Config& config, std::vector<Endpoints::Source> sources)
        : services_{services},
          config_{config},
          endpoints_{std::move(sources), config.profile, system_clocks()},
          node_{endpoints_, config.agree, config.proof} {}

    std::vector<Finding> run() {
        if (!look_at_endpoints()) return std::move(findings_);
        if (config_.legacy) {
            const std::vector<Finding> more = legacy::inspect(node_, config_, head_);
            findings_.insert(findings_.end(), more.begin(), more.end());
            if (more.empty()) look_at_agent();
        } else if (look_at_contracts()) {
            look_at_agent();
        }
        return std::move(findings_);
    }

private:
    void tell(const char* field, const char* severity, std::string message, std::string remedy) {
        findings_.push_back({field, severity, std::move(message), std::move(remedy)});
    }

    // Each by itself; then whether enough of them agree.
    bool look_at_endpoints() {
        std::vector<Endpoint*> all;
        for (const auto& endpoint : endpoints_.all()) all.push_back(endpoint.get());
        const std::vector<Said<Tips>> said = endpoints_.gather<Tips>(
            all, [](RpcNode& node) { return node.tips(false); }, [](const auto&) { return false; });
        for (std::size_t i = 0; i < all.size(); ++i) {
            const auto one = std::ranges::find(said, all[i], &Said<Tips>::by);
            if (one == said.end() || one->answer) continue;
            const bool other_chain = one->answer.failure().reason == "wrong_chain";
            tell(
                ("/endpoints/" + std::to_string(i)).c_str(), "error", one->answer.failure().message,
                other_chain ? "Give the URL of a node of the chain you chose." : "Start the node, or correct its URL.");
        }
        const Result<Tips> tips = node_.tips(false);
        if (!tips) {
            if (findings_.empty()) {
                tell("/endpoints", "error", tips.failure().message, "Use endpoints that follow the same chain.");
            }
            return false;
        }
        const std::int64_t now =
            std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
                .count();
        if (!config_.profile.testnet && now - tips->head.time > kOldHeadSeconds) {
            tell("/endpoints", "warning",
                 "The node's newest block is " + std::to_string(now - tips->head.time) + " seconds old.",
                 "Wait until it has caught up, or use another one.");
        }
        if (config_.start_block > tips->head.number) {
            tell("/start_block", "error",
                 "The chain is at block " + std::to_string(tips->head.number) + ", before the block to start from.",
                 "Give the block of the deployment.");
        }
        head_ = {tips->head.hash, tips->head.number};
        return true;
    }

    // Code there, and each contract names the other.
    bool look_at_contracts() {
        return contract_names(config_.contract, view::credential(), config_.credential, "/contract",
                              "a BlockHostSubscription") &&
               contract_names(config_.credential, view::subscriptions(), config_.contract, "/credential",
                              "an AccessCredentialNFT");
    }

    bool contract_names(const Address& contract, Bytes question, const Address& other, const char* field,
                        const std::string& kind) {
        const Result<Bytes> code = node_.code_at(contract, head_.height);
        if (!code) return failed(field, code.failure());
        if (code->empty()) {
            tell(field, "error", "There is no contract at " + contract.text() + " on " + config_.profile.title + ".",
                 "Check the address and the chain, or deploy the contracts.");
            return false;
        }
        const Node::Call calls[] = {{contract, std::move(question)}};
        const Result<Node::CallsAnswer> answer = node_.calls_at(calls, head_.hash, head_.height);
        if (!answer) return failed(field, answer.failure());
        const CallResult& result = answer->results.front();
        const Result<Address> named = decode_address(result.data);
        if (result.reverted || !named) {
            tell(field, "error", "The contract at " + contract.text() + " is not " + kind + ".", "Check the address.");
            return false;
        }
        if (*named != other) {
            tell(field, "error",
                 "The contract at " + contract.text() + " belongs together with " + named->text() + ", not with " +
                     other.text() + ".",
                 "Give the two addresses of one deployment.");
            return false;
        }
        return true;
    }

    void look_at_agent() {
        const Result<Address> agent = services_.agent();
        if (!agent) {
            tell("", "error", "The agent's key can't be used: " + agent.failure().message,
                 "Make the key `agent` for the signer and grant it to this instance.");
            return;
        }
        if (config_.legacy) {
            const std::vector<Finding> more = legacy::inspect_owner(node_, config_, head_, *agent);
            findings_.insert(findings_.end(), more.begin(), more.end());
        } else if (!serves_a_plan(*agent)) {
            tell("", "warning", "The agent " + agent->text() + " is not the agent of any plan of the contract.",
                 "Create a plan with this agent, or set it with setAgent.");
        }
        const Result<Uint256> balance = node_.balance_at(*agent, head_.height);
        if (balance && *balance == Uint256{}) {
            tell("", "warning",
                 "The agent " + agent->text() + " has no " + config_.profile.coin.symbol + " to pay for gas.",
                 "Send it some.");
        }
    }

    bool serves_a_plan(const Address& agent) {
        const Node::Call question[] = {{config_.contract, view::last_plan_id()}};
        const Result<Node::CallsAnswer> answer = node_.calls_at(question, head_.hash, head_.height);
        if (!answer || answer->results.front().reverted) return false;
        const Result<Uint256> last = decode_uint(answer->results.front().data);
        const std::uint64_t plans = last ? last->as_u64().value_or(0) : 0;
        std::vector<Node::Call> calls;
        for (std::uint64_t id = plans; id > 0 && calls.size() < kMaxPlansLookedAt; --id) {
            calls.push_back({config_.contract, view::plan(Uint256{id})});
        }
        const Result<Node::CallsAnswer> views = node_.calls_at(calls, head_.hash, head_.height);
        if (!views) return false;
        return std::ranges::any_of(views->results, [&](const CallResult& result) {
            const Result<PlanView> plan = decode_plan(result.data);
            return !result.reverted && plan && plan->state.agent == agent.text();
        });
    }

    bool failed(const char* field, const Failure& failure) {
        tell(field, "error", failure.message, "Use a node that answers eth_getCode and eth_call.");
        return false;
    }

    const Services& services_;
    const Config& config_;
    Endpoints endpoints_;
    Quorum node_;
    At head_;
    std::vector<Finding> findings_;
};

}  // namespace

Result<std::vector<Finding>> EvmChain::check(const sdk::Kernel& kernel, std::string_view text,
                                             std::uint64_t deadline_ns) {
    (void)deadline_ns;  // each request has the timeout of the configuration
    const Result<Config> config = parse_config(text);
    if (!config) {
        const std::string& message = config.failure().message;
        const std::size_t colon = message.starts_with('/') ? message.find(':') : std::string::npos;
        const std::string field = colon == std::string::npos ? "" : message.substr(0, colon);
        return std::vector<Finding>{{field, "error", message, "Correct the configuration."}};
    }
    const Services services{kernel};
    std::vector<Finding> findings;
    std::vector<Endpoints::Source> sources;
    for (std::size_t i = 0; i < config->endpoints.size(); ++i) {
        Result<std::unique_ptr<Transport>> transport = connect(*config, i, services);
        if (transport) {
            sources.push_back({*std::move(transport), config->endpoints[i].votes.value_or(true)});
        } else {
            findings.push_back({"/endpoints/" + std::to_string(i), "error", transport.failure().message,
                                "Give the endpoint's URL, or the secret that holds it."});
        }
    }
    if (!findings.empty()) return findings;
    findings = Inspection{services, *config, std::move(sources)}.run();
    // A chain is served without it, later.
    for (std::size_t i = 0; i < config->endpoints.size(); ++i) {
        const std::string field = "/endpoints/" + std::to_string(i) + "/ws";
        const Result<std::unique_ptr<Heads>> heads = attach_heads(*config, i, services);
        const Status works = !heads ? Status{heads.failure()} : *heads ? (*heads)->probe() : Status{};
        if (works) continue;
        findings.push_back({field, "warning", "The WebSocket " + works.failure().message + ".",
                            "Give a WebSocket URL of a node of this chain, or leave it out: then new blocks are seen a "
                            "poll later."});
    }
    return findings;
}

}  // namespace bh::evm
