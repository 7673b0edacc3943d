// chain-evm behind its C ABI, as the kernel uses it: one instance, its verbs typed, and the context of a call.
#pragma once

#include "plugin-api/documents/contract.hpp"
#include "tests/chain-evm/kernel_double.hpp"

namespace bh::evm::test {

// One job: what the kernel would keep about it.
struct JobDouble {
    std::string op_id;
    std::string checkpoint;  // last saved
    int saves = 0;
    bool die_after_save = false;  // the save is durable, and the plugin learns nothing more
    std::uint32_t cancel = BH_CANCEL_NONE;
    std::uint32_t attempt = 0;
};

class Instance {
public:
    Instance(KernelDouble& kernel, const std::string& config);
    ~Instance();
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    [[nodiscard]] Result<ChainDescription> describe();
    [[nodiscard]] Result<ChainEvents> poll(const std::string& cursor, std::uint32_t max = 0);
    [[nodiscard]] Result<Receipt> submit(JobDouble& job, const Intent& intent, const Position& final_at);
    [[nodiscard]] Result<SubscriptionState> state(const std::string& id, const Position& at = {},
                                                  std::uint32_t agree = 0);
    [[nodiscard]] Result<OwnerAnswer> owner_of(const std::string& id, const Position& at = {});
    [[nodiscard]] Result<Balances> balances(const std::string& account);
    [[nodiscard]] Result<Verification> verify(const std::string& signer, const Bytes& message, const Bytes& signature,
                                              const std::string& scheme = "eip191", const Position& at = {},
                                              std::uint32_t agree = 0);
    [[nodiscard]] Result<std::string> recover(const std::string& scheme, const Bytes& message, const Bytes& signature);
    [[nodiscard]] Result<std::string> parse_address(const std::string& text);
    [[nodiscard]] Result<std::string> health();
    [[nodiscard]] Result<Receipt> submit(JobDouble& job, const ContractCall& what, const Position& final_at);
    [[nodiscard]] Result<ChainValue> contract_read(const ChainRead& request, const Position& at = {},
                                                   std::uint32_t agree = 0);
    [[nodiscard]] Result<ChainLogs> contract_logs(const ChainFilter& filter, const std::string& cursor,
                                                  std::uint32_t max = 100);

    static Result<std::vector<Finding>> check(KernelDouble& kernel, const std::string& config);
    static Status try_create(KernelDouble& kernel, const std::string& config);

private:
    Result<Receipt> submit_text(JobDouble& job, const std::string& text, const Position& final_at);
    bh_instance* instance_ = nullptr;
};

}  // namespace bh::evm::test
