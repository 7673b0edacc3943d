#include "curve.h"

#include <pthread.h>
#include <secp256k1.h>
#include <secp256k1_recovery.h>
#include <string.h>

static secp256k1_context* context;
static void make_context(void) {
    context = secp256k1_context_create(SECP256K1_CONTEXT_SIGN | SECP256K1_CONTEXT_VERIFY);
}
/* Made once and only read afterwards, so that any thread may use it. */
static const secp256k1_context* curve(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_context);
    return context;
}

static void write_point(const secp256k1_pubkey* key, uint8_t point[65]) {
    size_t size = 65;
    secp256k1_ec_pubkey_serialize(curve(), point, &size, key, SECP256K1_EC_UNCOMPRESSED);
}

int curve_point(const uint8_t secret[32], uint8_t point[65]) {
    secp256k1_pubkey key;
    if (!secp256k1_ec_pubkey_create(curve(), &key, secret)) return CURVE_BAD;
    write_point(&key, point);
    return 0;
}

int curve_parse(const uint8_t* encoded, size_t size, uint8_t point[65], uint8_t compressed[33]) {
    secp256k1_pubkey key;
    const int form = size == 65 ? encoded[0] == 4 : size == 33 && (encoded[0] == 2 || encoded[0] == 3);
    if (!form || !secp256k1_ec_pubkey_parse(curve(), &key, encoded, size)) return CURVE_BAD;
    write_point(&key, point);
    size_t short_size = 33;
    secp256k1_ec_pubkey_serialize(curve(), compressed, &short_size, &key, SECP256K1_EC_COMPRESSED);
    return 0;
}

int curve_sign(const uint8_t secret[32], const uint8_t hash[32], uint8_t r_s[64], int* parity) {
    secp256k1_ecdsa_recoverable_signature signature;
    if (!secp256k1_ecdsa_sign_recoverable(curve(), &signature, hash, secret, NULL, NULL)) return CURVE_BAD;
    secp256k1_ecdsa_recoverable_signature_serialize_compact(curve(), r_s, parity, &signature);
    return 0;
}

int curve_recover(const uint8_t r_s[64], int parity, const uint8_t hash[32], uint8_t point[65]) {
    secp256k1_ecdsa_recoverable_signature signature;
    secp256k1_ecdsa_signature plain;
    secp256k1_pubkey key;
    if (!secp256k1_ecdsa_recoverable_signature_parse_compact(curve(), &signature, r_s, parity)) return CURVE_BAD;
    secp256k1_ecdsa_recoverable_signature_convert(curve(), &plain, &signature);
    if (secp256k1_ecdsa_signature_normalize(curve(), NULL, &plain)) return CURVE_HIGH_S;
    if (!secp256k1_ecdsa_recover(curve(), &key, &signature, hash)) return CURVE_BAD;
    write_point(&key, point);
    return 0;
}

int curve_shared_x(const uint8_t secret[32], const uint8_t point[65], uint8_t x[32]) {
    secp256k1_pubkey key;
    uint8_t product[65];
    if (!secp256k1_ec_pubkey_parse(curve(), &key, point, 65)) return CURVE_BAD;
    if (!secp256k1_ec_pubkey_tweak_mul(curve(), &key, secret)) return CURVE_BAD;
    write_point(&key, product);
    memcpy(x, product + 1, 32);
    return 0;
}
