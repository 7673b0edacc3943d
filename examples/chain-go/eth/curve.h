/* libsecp256k1 and Crypto++ for package eth. Functions return 0, or one of the constants. */
#ifndef LEDGER_CURVE_H
#define LEDGER_CURVE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { CURVE_BAD = 1, CURVE_HIGH_S = 2 };

void curve_keccak256(const uint8_t* data, size_t size, uint8_t hash[32]);
int curve_point(const uint8_t secret[32], uint8_t point[65]);
/* 33 or 65 bytes, never the hybrid forms. */
int curve_parse(const uint8_t* encoded, size_t size, uint8_t point[65], uint8_t compressed[33]);
int curve_sign(const uint8_t secret[32], const uint8_t hash[32], uint8_t r_s[64], int* parity);
int curve_recover(const uint8_t r_s[64], int parity, const uint8_t hash[32], uint8_t point[65]);
/* The X coordinate of secret * point. */
int curve_shared_x(const uint8_t secret[32], const uint8_t point[65], uint8_t x[32]);

#ifdef __cplusplus
}
#endif
#endif
