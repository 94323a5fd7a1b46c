// What the system is told of the calling thread: a name, and how it stands back behind others.
#pragma once

namespace annals::base {

/// As it stands in `top -H` and in crash reports; at most 15 characters.
void name_thread(const char* name);

/// Lets the other threads of the process go first by so many steps (nice(2), of Linux of a thread).
/// Where the system does not allow it nothing happens.
void stand_back(int steps);

}  // namespace annals::base
