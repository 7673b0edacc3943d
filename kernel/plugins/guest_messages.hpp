// The kernel's side of plugin-api/formats/guest-messages-1.md. What a guest answers is a tenant's word: every field is
// checked against its limit here, and nothing beyond the named fields is kept.
#pragma once

#include "kernel/lifecycle/seams.hpp"

#include <string>
#include <string_view>

namespace bh::plugins {

std::string hello_request();
Result<life::GuestHello> parse_hello_answer(std::string_view answer);

std::string statement_request(const Bytes& statement);
// The sequence number that the guest holds now.
Result<std::uint64_t> parse_statement_answer(std::string_view answer);

}  // namespace bh::plugins
