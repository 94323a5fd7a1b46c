#include "base/blocking.h"

#include <utility>

namespace annals::base {
namespace {

thread_local BlockingListener* listener_of_thread = nullptr;

}  // namespace

void set_blocking_listener(BlockingListener* listener) { listener_of_thread = listener; }

Blocking::Blocking() : told_(std::exchange(listener_of_thread, nullptr)) {
  if (told_ != nullptr) told_->blocks();
}

Blocking::~Blocking() {
  if (told_ == nullptr) return;
  told_->goes_on();
  listener_of_thread = told_;
}

}  // namespace annals::base
