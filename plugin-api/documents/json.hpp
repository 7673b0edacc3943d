// nlohmann/json as the house includes it. What all its users need is compiled once (json.cpp, target bh_json) instead
// of in each file again: most of what such a file costs.
#pragma once

#include <nlohmann/json.hpp>

#include <string>

// Declared with `extern` here, defined without a word in json.cpp. Whatever else a file uses, it instantiates itself.
#define BH_JSON_TEMPLATES(WORD)                                                                          \
    WORD template class nlohmann::basic_json<>;                                                          \
    WORD template class nlohmann::detail::serializer<nlohmann::json>;                                    \
    WORD template class nlohmann::detail::lexer<nlohmann::json, bh::json_detail::Characters>;            \
    WORD template class nlohmann::detail::lexer<nlohmann::json, bh::json_detail::Text>;                  \
    WORD template class nlohmann::detail::lexer<nlohmann::json, nlohmann::detail::input_stream_adapter>; \
    WORD template class nlohmann::detail::parser<nlohmann::json, bh::json_detail::Characters>;           \
    WORD template class nlohmann::detail::parser<nlohmann::json, bh::json_detail::Text>;                 \
    WORD template class nlohmann::detail::parser<nlohmann::json, nlohmann::detail::input_stream_adapter>;

namespace bh::json_detail {

using Characters = nlohmann::detail::iterator_input_adapter<const char*>;  // literals, string views
using Text = nlohmann::detail::iterator_input_adapter<std::string::const_iterator>;

}  // namespace bh::json_detail

BH_JSON_TEMPLATES(extern)
