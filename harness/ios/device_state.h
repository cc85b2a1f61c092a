#pragma once

#include "app.h"

namespace farm {

// Begins to note what UIKit says of the phone, once a second on the main thread, which has to call this once.
void begin_noting_state();

// What was noted last, from any thread; memory and time are read now.
DeviceState noted_state();

}  // namespace farm
