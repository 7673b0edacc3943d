// Documents of the service `bh.svc.store/1`: schemas/svc/store/1/.
#pragma once

#include "plugin-api/documents/common.hpp"

namespace bh {

// keys.json
struct KeyPage {
    std::vector<std::string> keys;
    std::string next;
};
Result<KeyPage> parse_key_page(std::string_view json);
std::string to_json(const KeyPage& page);

}  // namespace bh
