#include "plugin-api/crypto/bytes.hpp"

#include <catch2/catch_test_macros.hpp>

#include <dlfcn.h>

TEST_CASE("the library works inside a shared object that is loaded at run time") {
    void* handle = dlopen(FIXTURE, RTLD_NOW | RTLD_LOCAL);
    REQUIRE(handle != nullptr);
    using Function = int (*)(const char*, const std::uint8_t*, std::size_t, char*);
    const auto recover_into = reinterpret_cast<Function>(dlsym(handle, "recover_into"));
    REQUIRE(recover_into != nullptr);
    const auto signature = bh::crypto::parse_hex(
        "c1ac540645d5ee933217ac70ffa49b152ef852c40670b4ee4a1daf159765be0a3bcdb73d7b9502a7f90ff82fa51b59c6a46990c561f1ae"
        "c"
        "5df434461768c51051c");
    REQUIRE(signature.ok());
    char address[43] = {};
    CHECK(recover_into("Authenticate to blockhost-001 with code: 123456", signature->data(), signature->size(),
                       address) == 1);
    CHECK(std::string{address} == "0x5CbDd86a2FA8Dc4bDdd8a8f69dBa48572EeC07FB");
    CHECK(dlsym(handle, "secp256k1_ecdh") == nullptr);
}
