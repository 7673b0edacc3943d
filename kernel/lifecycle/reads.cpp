// Reads that several parts share, and the op_ids and tags of what a purchase makes.
#include "kernel/lifecycle/op_id.hpp"
#include "kernel/lifecycle/work.hpp"

namespace bh::life {
namespace {

template <class Item, class Port, class Page>
Result<std::vector<Item>> all_pages(Port& port, Page (Port::*list)(const std::string&), auto items_of) {
    std::vector<Item> all;
    std::string page;
    for (std::size_t n = 0; n < kMaxPages; ++n) {
        auto got = (port.*list)(page);
        if (!got) return got.failure();
        auto& items = items_of(*got);
        all.insert(all.end(), std::make_move_iterator(items.begin()), std::make_move_iterator(items.end()));
        if (got->next.empty()) return all;
        page = got->next;
    }
    return Failure{BH_E_INTERNAL, "endless_list", "a plugin's list has no end", 0};
}

}  // namespace

Result<View> look(ChainPort& chain, const std::string& id, const Block& final_block, std::uint32_t min_agree) {
    View view;
    view.final_block = final_block;
    if (final_block.position.known()) {
        auto state = chain.subscription_state(id, final_block.position, min_agree);
        if (!state) return state.failure();
        view.final_state = std::move(*state);
    }
    auto head = chain.subscription_state(id, {}, min_agree);
    if (!head) return head.failure();
    view.head_state = std::move(*head);
    return view;
}

Result<std::vector<Vm>> all_vms(HypervisorPort& hypervisor) {
    return all_pages<Vm>(hypervisor, &HypervisorPort::vm_list, [](VmPage& page) -> auto& { return page.vms; });
}

Result<std::vector<Volume>> all_volumes(StoragePort& storage) {
    return all_pages<Volume>(storage, &StoragePort::volume_list,
                             [](VolumePage& page) -> auto& { return page.volumes; });
}

std::string purchase_epoch(const SubscriptionRow& row) { return row.tx + ":" + std::to_string(row.ordinal); }

std::string op_id_of(const SubscriptionRow& row, Step step, const std::string& epoch) {
    return op_id({row.chain, row.contract, "subscription:" + row.id, std::string{step_name(step)},
                  std::string{part_of(step)}, epoch});
}

Tags tags_of(const SubscriptionRow& row, Step step) {
    return {row.chain, row.contract, "subscription:" + row.id, std::string{part_of(step)}, purchase_epoch(row)};
}

}  // namespace bh::life
