// What a fault of the oracle answers, for every pretended backend.
#pragma once

#include "tests/model/ports.hpp"

namespace bh::life::model {

inline Failure unavailable(const char* what) { return {BH_E_UNAVAILABLE, what, "the model's fault", 0}; }
inline Failure lost() { return {BH_E_UNKNOWN_OUTCOME, "lost", "the answer was lost", 0}; }
inline Failure unknown(const char* what) { return {BH_E_NOT_FOUND, what, "there is no such object", 0}; }

// What a fault of a verb without a special one answers.
inline Failure plain_failure(What what) {
    switch (what) {
        case What::invalid:
            return invalid("fault", "the model's fault");
        case What::denied:
            return {BH_E_DENIED, "fault", "the model's fault", 0};
        case What::missing:
            return unknown("fault");
        default:
            return unavailable("fault");
    }
}
inline bool before_effect(What what) { return what != What::nothing && what != What::lost; }

}  // namespace bh::life::model
