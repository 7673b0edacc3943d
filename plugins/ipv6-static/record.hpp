// What is kept in the kernel's store: one record per delegation, under "delegation/" and its op_id.
#pragma once

#include "plugin-api/sdk/cpp/plugin.hpp"

#include <optional>
#include <string>
#include <vector>

namespace bh::ipv6_static {

struct Record {
    DelegationRequest request;
    Delegation delegation;
};

class Records {
public:
    struct Page {
        std::vector<Record> records;
        std::string next;
    };

    explicit Records(sdk::Store store) : store_{store} {}

    // nullopt: none. BH_E_CORRUPT: what is stored is no record.
    [[nodiscard]] Result<std::optional<Record>> find(const std::string& op_id) const;
    [[nodiscard]] Status put(const Record& record) const;
    [[nodiscard]] Status remove(const std::string& op_id) const;
    [[nodiscard]] Result<Page> list(std::string_view page) const;

private:
    sdk::Store store_;
};

}  // namespace bh::ipv6_static
