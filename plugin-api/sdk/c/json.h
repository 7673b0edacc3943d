/* As much JSON as a small plugin needs: reading. Values are pieces of the text that was parsed, which stays the
 * caller's; nothing is allocated. Plain values; any thread. */
#ifndef BHC_JSON_H
#define BHC_JSON_H

#include <stddef.h>
#include <stdint.h>

/* size 0: no such value. */
typedef struct json_value {
    const char* text;
    size_t size;
} json_value;

/* The whole text as one value, if it is what the ABI allows of a document: valid JSON in UTF-8 of 1 MiB at most, 16
 * levels at most, no key twice, no NUL; and no object of more than 256 members. */
json_value json_parse(const char* text, size_t size);

int json_is_object(json_value value);

/* Whether `object` has the member `key` and it begins with `first`: '"' a text, '{' an object, '[' an array, '0' a
 * number. */
int json_has(json_value object, const char* key, char first);

/* The member `key` of an object, the element `index` of an array. */
json_value json_get(json_value object, const char* key);
int json_at(json_value array, size_t index, json_value* out);

/* Text into `out` with a NUL at its end: 0 if it is no text, does not fit, or holds an escape other than \" \\ and \/.
 */
int json_text(json_value value, char* out, size_t size);

/* A whole number below 10^18 that is not negative; an absent value is 0. 0: it is something else. */
int json_number(json_value value, uint64_t* out);

#endif
