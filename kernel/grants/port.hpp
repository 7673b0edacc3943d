// The book as the lifecycle sees it: a chain whose blocks are the book's lines and the seconds between them, final at
// once, with the calls of the contract that a grant has a use for.
#pragma once

#include "kernel/grants/book.hpp"

#include <memory>

namespace bh::grants {

// `book` outlives it.
std::unique_ptr<life::ChainPort> make_port(Book& book);

}  // namespace bh::grants
