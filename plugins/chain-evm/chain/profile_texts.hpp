// The files of chains/, put into the plugin by CMakeLists.txt.
#pragma once

#include <span>
#include <string_view>

namespace bh::evm {

struct ProfileText {
    std::string_view name;
    std::string_view json;
};
std::span<const ProfileText> profile_texts();

}  // namespace bh::evm
