#include "plugin-api/documents/json.hpp"

BH_JSON_TEMPLATES()
