// blockhost-evm-operator: the operator's side of the contracts, for a devnet with a key file and for wallets without.
// Writes one JSON document to stdout, what went wrong to stderr. Exit code 0: done; 1: refused or failed; 2: bad usage.
#include "plugin-api/crypto/secp256k1.hpp"
#include "plugin-api/documents/strict_json.hpp"
#include "plugins/chain-evm/rpc/rpc_node.hpp"
#include "plugins/chain-evm/tools/key_file.hpp"
#include "plugins/chain-evm/tools/operator.hpp"
#include "plugins/chain-evm/tools/verify.hpp"

#include <CLI/CLI.hpp>

#include <iostream>

namespace {

using namespace bh;
using namespace bh::evm;
using nlohmann::json;

struct Options {
    std::string rpc, key_file, from, contract, server_key;
    std::string treasury;
    std::uint64_t min_grace = 86400;
    NewPlan plan;
    std::string agent;
    std::vector<std::string> prices, shares;
};

// Who acts, and how: with the key of a file, or by a wallet that gets the transactions as JSON.
struct Operator {
    std::optional<crypto::Secret> key;
    Address account;
};

Result<Operator> operator_of(const Options& options) {
    if (options.key_file.empty()) {
        const Result<Address> from = Address::parse(options.from);
        if (!from)
            return invalid("no_operator", "give the operator's address with --from, or a key file with --key-file");
        return Operator{std::nullopt, *from};
    }
    Result<crypto::Secret> key = read_key_file(options.key_file);
    if (!key) return key.failure();
    const Result<crypto::PublicKey> public_key = crypto::PublicKey::of(*key);
    if (!public_key) return public_key.failure();
    return Operator{std::move(*key), Address::of(*public_key)};
}

// Sends the calls or prints them; `result` gets what a command adds.
Result<json> carry_out(Node& node, const Operator& who, const std::vector<OperatorCall>& calls, json result) {
    const Result<std::uint64_t> chain = node.chain_id();
    if (!chain) return chain.failure();
    result["chain"] = "eip155:" + std::to_string(*chain);
    result["operator"] = who.account.text();
    if (!who.key) {
        result["unsigned"] = json::parse(unsigned_calls(*chain, who.account, calls));
        return result;
    }
    const Result<std::vector<SentCall>> sent = send_calls(node, *chain, *who.key, calls);
    if (!sent) return sent.failure();
    json list = json::array();
    for (const SentCall& call : *sent) {
        list.push_back({{"what", call.what}, {"tx", call.receipt.tx.text()}, {"block", call.receipt.block}});
    }
    result["transactions"] = std::move(list);
    return result;
}

Result<Bytes> server_key_of(const Options& options) {
    if (options.server_key.empty()) return Bytes{};
    Result<Bytes> key = crypto::parse_hex(options.server_key);
    if (!key) return key.failure().within("--server-key");
    return key;
}

json artifact_digests() {
    json out;
    for (const PinnedContract* contract : {&kAccessCredential, &kSubscriptionContract, &kRevenueSplit}) {
        out[std::string{contract->name}] = "sha256:" + std::string{contract->digest};
    }
    return out;
}

Result<json> deploy(Node& node, const Options& options) {
    const Result<Operator> who = operator_of(options);
    if (!who) return who.failure();
    const Result<Address> treasury =
        options.treasury.empty() ? Result<Address>{who->account} : Address::parse(options.treasury);
    if (!treasury) return treasury.failure().within("--treasury");
    const Result<Bytes> server_key = server_key_of(options);
    if (!server_key) return server_key.failure();
    const Result<Node::Nonces> nonces = node.nonces(who->account);
    if (!nonces) return nonces.failure();
    const Result<DeploymentCalls> calls =
        deployment_calls({who->account, *treasury, options.min_grace, *server_key}, nonces->pending);
    if (!calls) return calls.failure();
    Result<json> out = carry_out(node, *who, calls->calls,
                                 {{"contract", calls->contract.text()},
                                  {"credential", calls->credential.text()},
                                  {"treasury", treasury->text()},
                                  {"artifacts", artifact_digests()}});
    if (out && out->contains("transactions")) (*out)["start_block"] = (*out)["transactions"][0]["block"];
    return out;
}

Result<json> call_contract(Node& node, const Options& options, const Result<OperatorCall>& call) {
    if (!call) return call.failure();
    const Result<Operator> who = operator_of(options);
    if (!who) return who.failure();
    return carry_out(node, *who, {*call}, json::object());
}

Result<json> create_plan(Node& node, const Options& options, const Address& contract) {
    NewPlan plan = options.plan;
    const Result<Address> agent = Address::parse(options.agent);
    if (!agent) return agent.failure().within("--agent");
    plan.agent = *agent;
    for (const std::string& price : options.prices) {
        const std::size_t equals = price.find('=');
        if (equals == std::string::npos)
            return invalid("bad_price", "--price must be TOKEN=AMOUNT, such as native=1000");
        plan.prices[price.substr(0, equals)] = price.substr(equals + 1);
    }
    Result<json> out = call_contract(node, options, create_plan_call(contract, plan));
    if (!out || !out->contains("transactions")) return out;
    const Result<std::string> plans = list_plans(node, contract);
    if (!plans) return plans.failure();
    (*out)["plan"] = json::parse(*plans).at("plans").back().at("plan");
    return out;
}

Result<json> deploy_split(Node& node, const Options& options) {
    const Result<Operator> who = operator_of(options);
    if (!who) return who.failure();
    std::optional<Address> contract;
    if (!options.contract.empty()) {
        const Result<Address> given = Address::parse(options.contract);
        if (!given) return given.failure().within("--contract");
        contract = *given;
    }
    const Result<Node::Nonces> nonces = node.nonces(who->account);
    if (!nonces) return nonces.failure();
    const Result<SplitCalls> calls = split_calls(options.shares, contract, who->account, nonces->pending);
    if (!calls) return calls.failure();
    return carry_out(node, *who, calls->calls,
                     {{"split", calls->split.text()}, {"artifact", "sha256:" + std::string{kRevenueSplit.digest}}});
}

// `exit_code` changes where a document says that something is wrong.
Result<json> run(const std::string& command, const Options& options, int& exit_code) {
    Result<std::unique_ptr<Transport>> transport = make_http_transport(options.rpc, {});
    if (!transport) return transport.failure().within("--rpc");
    RpcNode node{std::move(*transport)};
    if (command == "deploy") return deploy(node, options);
    if (command == "split-deploy") return deploy_split(node, options);
    const Result<Address> contract = Address::parse(options.contract);
    if (!contract) return contract.failure().within("--contract");
    if (command == "verify") {
        const Result<ContractCheck> found = verify_contracts(node, *contract);
        if (!found) return found.failure();
        exit_code = found->good ? 0 : 1;
        return json::parse(found->document);
    }
    if (command == "plan-create") return create_plan(node, options, *contract);
    if (command == "set-server-key") {
        const Result<Bytes> key = server_key_of(options);
        if (!key) return key.failure();
        return call_contract(node, options, server_key_call(*contract, *key));
    }
    const Result<std::string> plans = list_plans(node, *contract);
    if (!plans) return plans.failure();
    return json::parse(*plans);
}

void add_common(CLI::App& command, Options& options, bool changes, bool has_contract) {
    command.add_option("--rpc", options.rpc, "URL of the node, http://127.0.0.1:8545")->required();
    if (has_contract) command.add_option("--contract", options.contract, "BlockHostSubscription")->required();
    if (!changes) return;
    command.add_option("--key-file", options.key_file, "the operator's key, mode 0600: sign and send (devnets)");
    command.add_option("--from", options.from, "the operator's address: print unsigned transactions");
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"The operator's side of the BlockHost contracts", "blockhost-evm-operator"};
    app.require_subcommand(1);
    Options options;
    CLI::App& deployment = *app.add_subcommand("deploy", "deploy both contracts");
    add_common(deployment, options, true, false);
    deployment.add_option("--treasury", options.treasury, "where earnings go; default: the operator");
    deployment.add_option("--min-grace", options.min_grace, "least grace of a plan in seconds; 0 on a devnet");
    deployment.add_option("--server-key", options.server_key, "public server key, 65 bytes in hex");
    CLI::App& split = *app.add_subcommand("split-deploy", "deploy a contract that splits the revenue");
    add_common(split, options, true, false);
    split.add_option("--contract", options.contract, "BlockHostSubscription whose treasury it becomes");
    split.add_option("--share", options.shares, "OWNER=BASIS_POINTS; all of them add up to 10000")->required();
    add_common(*app.add_subcommand("verify", "compare the contracts' code on the chain with what this version deploys"),
               options, false, true);
    CLI::App& key = *app.add_subcommand("set-server-key", "publish the host's server key");
    add_common(key, options, true, true);
    key.add_option("--server-key", options.server_key, "public server key, 65 bytes in hex")->required();
    CLI::App& plan = *app.add_subcommand("plan-create", "make a plan");
    add_common(plan, options, true, true);
    plan.add_option("--resources", options.plan.resources, "JSON object: cpus, memory_bytes, disk_bytes, image")
        ->required();
    plan.add_option("--window", options.plan.window_s, "seconds the host has to deliver")->required();
    plan.add_option("--grace", options.plan.grace_s, "seconds between expiry and close")->required();
    plan.add_option("--setup-days", options.plan.setup_days, "days charged once on top");
    plan.add_option("--capacity", options.plan.capacity, "how many may be open")->required();
    plan.add_option("--agent", options.agent, "address of the host's agent key")->required();
    plan.add_option("--price", options.prices, "TOKEN=AMOUNT for a day; TOKEN is native or an address")->required();
    CLI::App& list = *app.add_subcommand("plan-list", "show the plans");
    add_common(list, options, false, true);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    int exit_code = 0;
    const Result<json> result = run(app.get_subcommands().front()->get_name(), options, exit_code);
    if (!result) {
        std::cerr << "blockhost-evm-operator: " << result.failure().message << '\n';
        return 1;
    }
    std::cout << result->dump(2) << '\n';
    return exit_code;
}
